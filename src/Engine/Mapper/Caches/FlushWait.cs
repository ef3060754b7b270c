// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>What a flush of the map covers. One for each tag.</summary>
internal struct FlushWait
{
    private uint _use;
    private bool _isBegun;

    /// <summary>Writes acknowledged when it came; it waits for no other.</summary>
    public long Covers { get; private set; }

    /// <summary>Failures that there had been.</summary>
    public long Failures { get; private set; }

    public readonly bool IsOf(Request flush) =>
        _isBegun && _use == flush.Generation && flush.Operation == BlockOperation.Flush;

    public void Begin(Request flush, long covers, long failures)
    {
        if (IsOf(flush)) return;
        _isBegun = true;
        _use = flush.Generation;
        Covers = covers;
        Failures = failures;
    }
}
