// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Unit.Support;

/// <summary>
/// Owns bios and remembers how each ended. Each bio gets a number as its cookie; a bio that ends
/// twice breaks the test at once.
/// </summary>
internal sealed class TestOwner : IBioOwner
{
    private readonly List<Bio> _bios = [];
    private readonly List<int> _ends = [];

    /// <summary>In the order in which they ended.</summary>
    public List<Bio> Ended { get; } = [];

    /// <summary>What else happens when a bio ends.</summary>
    public Action<Bio>? Then { get; set; }

    public int Made => _bios.Count;

    public int Open => Made - Ended.Count;

    public Bio Make(
        BlockOperation operation, long offset, long length, BioFlags flags = BioFlags.None)
    {
        var bio = new Bio(this)
        {
            Operation = operation,
            Offset = offset,
            Length = length,
            Flags = flags,
            Cookie = _bios.Count,
        };
        _bios.Add(bio);
        _ends.Add(0);
        return bio;
    }

    public Bio Write(long offset, long length, BioFlags flags = BioFlags.None) =>
        Make(BlockOperation.Write, offset, length, flags);

    public Bio Read(long offset, long length) => Make(BlockOperation.Read, offset, length);

    public Bio Flush() => Make(BlockOperation.Flush, 0, 0);

    public bool HasEnded(Bio bio) => _ends[bio.Cookie] > 0;

    /// <summary>How the bio ended; fails the test when it has not.</summary>
    public BlockStatus StatusOf(Bio bio)
    {
        HasEnded(bio).ShouldBeTrue($"bio {bio.Cookie} has not ended");
        return bio.Status;
    }

    public void ShouldAllHaveEnded(BlockStatus status = BlockStatus.Ok)
    {
        Open.ShouldBe(0);
        Ended.Select(bio => bio.Status).Distinct().ShouldBe([status]);
    }

    public void EndBio(Bio bio)
    {
        (++_ends[bio.Cookie]).ShouldBe(1, $"ends of bio {bio.Cookie}");
        Ended.Add(bio);
        Then?.Invoke(bio);
    }
}
