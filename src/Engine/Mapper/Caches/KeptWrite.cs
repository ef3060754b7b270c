// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>
/// A range that was acknowledged and is not known to be durable, with its newest bytes.
/// </summary>
internal sealed unsafe class KeptWrite(KeptBlock block, long begin, long end, long sequence)
{
    /// <summary>Where the block's first byte belongs.</summary>
    private readonly long _origin = begin;

    public KeptBlock Block => block;

    public long Begin { get; set; } = begin;

    public long End { get; set; } = end;

    /// <summary>When it was acknowledged, among all writes. A replay does not change it.</summary>
    public long Sequence { get; } = sequence;

    /// <summary>
    /// The oldest write here that may not be durable yet, itself or one that it replaced: a flush
    /// that covers that one is not done before this one is durable.
    /// </summary>
    public long Since { get; set; } = sequence;

    /// <summary>
    /// A newer write is under way here, and may have driven it out of its cache: a flush of that
    /// cache proves nothing.
    /// </summary>
    public bool IsContested { get; set; }

    /// <summary>The cache that holds it; null when that was lost.</summary>
    public PathCache? Cache { get; set; }

    /// <summary>When it got into that cache, among all.</summary>
    public long Landed { get; set; }

    /// <summary>It is being written again.</summary>
    public bool IsReplaying { get; set; }

    public long Length => End - Begin;

    public byte* At(long offset) => block.Data + (offset - _origin);

    /// <summary>Cuts it in two; the second is given back.</summary>
    public KeptWrite CutAt(long offset)
    {
        block.Share();
        var rest = new KeptWrite(block, _origin, End, Sequence)
        {
            Begin = offset,
            Cache = Cache,
            Since = Since,
            IsContested = IsContested,
            Landed = Landed,
            IsReplaying = IsReplaying,
        };
        End = offset;
        return rest;
    }
}
