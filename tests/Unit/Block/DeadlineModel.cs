// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Unit.Block;

/// <summary>
/// mq-deadline without merging, written anew from its description: plain lists, nothing clever.
/// </summary>
internal sealed class DeadlineModel
{
    private readonly Side _reads = new(500_000_000);
    private readonly Side _writes = new(5_000_000_000);
    private Side? _batchSide;
    private int _batched;
    private int _starved;
    private long _arrivals;

    public void Insert(Request request, bool write, long offset, long nowNs)
    {
        Side side = write ? _writes : _reads;
        side.Waiting.Add(new Entry(request, offset, _arrivals++, nowNs + side.ExpireNs));
    }

    public Request? Take(long nowNs)
    {
        if (_batchSide?.Next is { } next && _batched < 16)
        {
            _batched++;
            return _batchSide.Remove(next);
        }
        if (ChooseSide() is not { } side) return null;
        Entry oldest = side.Waiting.MinBy(entry => entry.Arrival)!;
        Entry first = oldest.ExpireNs <= nowNs ? oldest : side.Next ?? oldest;
        _batchSide = side;
        _batched = 1;
        return side.Remove(first);
    }

    private Side? ChooseSide()
    {
        if (_reads.Waiting.Count == 0 && _writes.Waiting.Count == 0) return null;
        bool writes = _reads.Waiting.Count == 0;
        if (!writes && _writes.Waiting.Count > 0)
        {
            writes = _starved >= 2;
            _starved++;
        }
        if (writes) _starved = 0;
        return writes ? _writes : _reads;
    }

    private sealed record Entry(Request Request, long Offset, long Arrival, long ExpireNs);

    private sealed class Side(long expireNs)
    {
        public long ExpireNs => expireNs;

        public List<Entry> Waiting { get; } = [];

        public Entry? Next { get; private set; }

        /// <summary>Takes one out; the batch goes on with the next by offset.</summary>
        public Request Remove(Entry entry)
        {
            List<Entry> sorted =
                [.. Waiting.OrderBy(other => other.Offset).ThenBy(other => other.Arrival)];
            Next = sorted.ElementAtOrDefault(sorted.IndexOf(entry) + 1);
            Waiting.Remove(entry);
            return entry.Request;
        }
    }
}
