// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// The second clone of a read, with memory of its own. When it wins, the first clone takes over its
/// place and its memory, until it is back, too. Pooled; loop's thread only.
/// </summary>
internal sealed class Hedge : ICloneOwner, IBioOwner
{
    private readonly HedgedReads _reads;

    public Hedge(HedgedReads reads)
    {
        _reads = reads;
        Bio = new Bio(this) { Operation = BlockOperation.Read };
    }

    /// <summary>The same range as the read's, in memory that no client has.</summary>
    public Bio Bio { get; }

    /// <summary>Of the clone that is out.</summary>
    public TargetIo Io { get; set; } = new();

    /// <summary>The read that it is for; null when that has ended, and this is the loser.</summary>
    public Request? Origin { get; set; }

    /// <summary>The first clone is back with a path error: all waits for this one.</summary>
    public bool IsAlone { get; set; }

    public void EndClone(Request clone, BlockStatus status, long done) =>
        _reads.OnClone(this, clone, status);

    /// <summary>Its bio is never a queue's own.</summary>
    public void EndBio(Bio bio) => Braid.Io.Invariant.Broken("a hedge's bio has ended");
}
