// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// The armed timers of one loop: a binary heap by due time, ties in the order of arming, so that a
/// simulated run is the same each time. A few timers for each path and client: no wheel is needed.
/// </summary>
internal sealed class TimerHeap
{
    private LoopTimer[] _heap = new LoopTimer[64];

    public int Count { get; private set; }

    /// <summary>Armings so far: the number that the next one gets.</summary>
    public long Sequence { get; private set; }

    /// <summary>When the first timer is due; <see cref="long.MaxValue"/> with none.</summary>
    public long NextDueNs => Count == 0 ? long.MaxValue : _heap[0].DueNs;

    public void Arm(LoopTimer timer, long dueNs)
    {
        Cancel(timer);
        timer.DueNs = dueNs;
        timer.Sequence = Sequence++;
        if (Count == _heap.Length) Array.Resize(ref _heap, _heap.Length * 2);
        SiftUp(Count++, timer);
    }

    public void Cancel(LoopTimer timer)
    {
        int hole = timer.HeapIndex;
        if (hole == LoopTimer.NotQueued) return;
        timer.HeapIndex = LoopTimer.NotQueued;
        LoopTimer last = _heap[--Count];
        _heap[Count] = null!;
        if (last == timer) return;
        if (hole > 0 && Before(last, _heap[(hole - 1) / 2])) SiftUp(hole, last);
        else SiftDown(hole, last);
    }

    /// <summary>
    /// Takes out the first timer if it is due at <paramref name="nowNs"/> and was armed before
    /// <paramref name="sequence"/>: one that is armed again and again for now waits for its turn.
    /// </summary>
    public bool TryPop(long nowNs, long sequence, out LoopTimer timer)
    {
        timer = _heap[0];
        if (Count == 0 || timer.DueNs > nowNs || timer.Sequence >= sequence) return false;
        Cancel(timer);
        return true;
    }

    private static bool Before(LoopTimer a, LoopTimer b) =>
        a.DueNs != b.DueNs ? a.DueNs < b.DueNs : a.Sequence < b.Sequence;

    private void SiftUp(int index, LoopTimer timer)
    {
        while (index > 0)
        {
            int parent = (index - 1) / 2;
            if (!Before(timer, _heap[parent])) break;
            Put(index, _heap[parent]);
            index = parent;
        }
        Put(index, timer);
    }

    private void SiftDown(int index, LoopTimer timer)
    {
        while (true)
        {
            int child = (2 * index) + 1;
            if (child >= Count) break;
            if (child + 1 < Count && Before(_heap[child + 1], _heap[child])) child++;
            if (!Before(_heap[child], timer)) break;
            Put(index, _heap[child]);
            index = child;
        }
        Put(index, timer);
    }

    private void Put(int index, LoopTimer timer)
    {
        _heap[index] = timer;
        timer.HeapIndex = index;
    }
}
