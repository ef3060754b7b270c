// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// A map over the paths a and b that hedges reads at the 90th percentile. Each path has bytes of
/// its own, so that it shows whose answer a read has got; each answers after 100 us unless told.
/// </summary>
internal sealed class HedgeBench
{
    public const long UsualNs = 100_000;

    /// <summary>More than an eighth above the usual: a read is due.</summary>
    public const long DueNs = 115_000;

    public const int Block = 4096;

    private const string Paths = "2 1 a 1 b 1";

    /// <summary>So many reads of each path are answered before anything else happens.</summary>
    private const int Learned = 64;

    /// <summary>Of all reads: what I/O is under way to must not be collected.</summary>
    private readonly List<byte[]> _memory = [];

    public HedgeBench(
        string features = "0", string? groups = null, QueueOptions? options = null,
        bool learns = true, QueueLimits? limits = null)
    {
        A = Add("a", 0xaa, limits);
        B = Add("b", 0xbb, limits);
        groups ??= $"1 1 round-robin 0 {Paths}";
        options ??= new QueueOptions();
        Map = Bench.Map(
            $"0 32768 multipath {features} 0 {groups}",
            options with { Hedging = options.Hedging ?? new HedgeOptions { Percentile = 90 } });
        if (!learns) return;
        for (int i = 0; i < 2 * Learned; i++)
        {
            Read();
            Bench.Loop.RunFor(UsualNs);
        }
        Bench.Owner.ShouldAllHaveEnded();
        Hedges.Sent.ShouldBe(0);
    }

    public Bench Bench { get; } = new();

    public TestDevice A { get; }

    public TestDevice B { get; }

    public MappedDevice Map { get; }

    public HedgeCounters Hedges => Map.Hedges!;

    /// <summary>From now on both answer when the test says so.</summary>
    public void Hold() => A.DelayNs = B.DelayNs = null;

    /// <summary>A read that is held on a and due, and its hedge, which is held on b.</summary>
    public HeldRead ReadTwice(long offset = 0)
    {
        Hold();
        HeldRead read = Read(offset);
        A.InFlight.Count.ShouldBe(1, "it should have gone to a");
        Request first = A.InFlight[0];
        Bench.Loop.RunFor(DueNs);
        Request hedge = B.InFlight.ShouldHaveSingleItem();
        Hedges.Sent.ShouldBe(1);
        return read with { First = first, Hedge = hedge };
    }

    public unsafe HeldRead Read(long offset = 0, int length = Block)
    {
        byte[] data = PinnedData.Make(length);
        Array.Fill(data, (byte)0x11);
        _memory.Add(data);
        Bio bio = Bench.Owner.Read(offset, length);
        bio.Data = PinnedData.At(data);
        Map.Submit(bio);
        Bench.Loop.Settle();
        return new HeldRead(bio, data);
    }

    /// <summary>Nothing is left: no tags, nothing in flight, nothing late, no end twice.</summary>
    public void ShouldBeAtRest()
    {
        Bench.Owner.Open.ShouldBe(0);
        Map.InFlight.ShouldBe(0);
        Hedges.Late.ShouldBe(0);
        foreach (TestDevice path in (TestDevice[])[A, B])
        {
            path.InFlight.ShouldBeEmpty();
            path.Queue.Tags.InUse.ShouldBe(0);
            path.Statistics.InFlight.ShouldBe(0);
        }
        Bench.Loop.RunFor(HedgeBench.UsualNs * 1000);
        Bench.Loop.Timers.Count.ShouldBe(0);
    }

    private TestDevice Add(string name, byte content, QueueLimits? limits)
    {
        TestDevice path = Bench.Add(name, limits: limits);
        path.DelayNs = UsualNs;
        path.Store = new byte[1 << 20];
        Array.Fill(path.Store, content);
        return path;
    }
}

/// <summary>A read of a test, the memory that it is for, and its clones.</summary>
internal sealed record HeldRead(Bio Bio, byte[] Data)
{
    public Request First { get; init; } = null!;

    public Request Hedge { get; init; } = null!;

    public void ShouldBe(byte content)
    {
        Bio.Status.ShouldBe(BlockStatus.Ok);
        Data.AsSpan().IndexOfAnyExcept(content).ShouldBe(-1);
    }
}
