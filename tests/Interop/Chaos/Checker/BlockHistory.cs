// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>What a read has met.</summary>
internal enum ReadVerdict
{
    Allowed,

    /// <summary>An older write's bytes, after a newer one was acknowledged or read.</summary>
    Stale,

    /// <summary>Bytes that nobody has written there.</summary>
    Corrupt,
}

/// <summary>
/// Which writes a read may see. Each block is a register: a read may return a write that has begun,
/// unless another one, which began after that had ended, is known to have taken effect before the
/// read began: because it was acknowledged by then, or because an earlier read has returned it. A
/// write that failed may take effect at any time. Threads: all workers; one lock.
/// </summary>
internal sealed class BlockHistory
{
    private readonly Lock _lock = new();

    /// <summary>By the number of the write; number 0 is none.</summary>
    private readonly List<Write> _writes = [new Write()];

    /// <summary>
    /// For each block, the beginning of the newest write that is known to have taken effect.
    /// </summary>
    private readonly long[] _floors;

    private readonly HashSet<(int Block, long Write)> _reported = [];
    private long _clock;

    public BlockHistory(int blocks) => _floors = new long[blocks];

    public int Blocks => _floors.Length;

    /// <summary>A write begins. Returns its number.</summary>
    public long BeginWrite(int first, int count)
    {
        lock (_lock)
        {
            _writes.Add(new Write { First = first, Count = count, Began = ++_clock });
            return _writes.Count - 1;
        }
    }

    /// <summary>It was acknowledged.</summary>
    public void EndWrite(long number)
    {
        lock (_lock)
        {
            Write write = _writes[(int)number];
            _writes[(int)number] = write with { Ended = ++_clock };
            for (int i = 0; i < write.Count; i++) Raise(write.First + i, write.Began);
        }
    }

    /// <summary>A read begins: what it may not be older than, block by block.</summary>
    public void BeginRead(int first, Span<long> floors)
    {
        lock (_lock) _floors.AsSpan(first, floors.Length).CopyTo(floors);
    }

    /// <summary>It has returned bytes of these writes for a block.</summary>
    public ReadVerdict EndRead(int block, long floor, List<long> writes)
    {
        lock (_lock)
        {
            var worst = ReadVerdict.Allowed;
            foreach (long number in writes)
            {
                ReadVerdict verdict = Judge(block, floor, number);
                if (verdict > worst) worst = verdict;
            }
            // Two writes in one block: which came first is not known.
            if (worst == ReadVerdict.Allowed && writes.Count == 1)
                Raise(block, _writes[(int)writes[0]].Began);
            return worst;
        }
    }

    /// <summary>Whether that was found for the first time: a wrong block is read often.</summary>
    public bool IsNew(int block, long write)
    {
        lock (_lock) return _reported.Add((block, write));
    }

    private ReadVerdict Judge(int block, long floor, long number)
    {
        if (number <= 0 || number >= _writes.Count) return ReadVerdict.Corrupt;
        Write write = _writes[(int)number];
        if (block < write.First || block >= write.First + write.Count) return ReadVerdict.Corrupt;
        return write.Ended < floor ? ReadVerdict.Stale : ReadVerdict.Allowed;
    }

    private void Raise(int block, long began) => _floors[block] = Math.Max(_floors[block], began);

    private readonly record struct Write()
    {
        public int First { get; init; }

        public int Count { get; init; }

        public long Began { get; init; }

        /// <summary>Never, as long as it was not acknowledged.</summary>
        public long Ended { get; init; } = long.MaxValue;
    }
}
