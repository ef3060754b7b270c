// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Unit.Mapper;

/// <summary>What is kept of writes: newest bytes per range, within a bound.</summary>
public sealed unsafe class KeptWritesTests : IDisposable
{
    private const long K = 1024;

    private readonly KeptWrites _kept = new(64 * K);
    private readonly PathCache _a;
    private readonly PathCache _b;

    public KeptWritesTests()
    {
        _a = new PathCache(null!, Queue());
        _b = new PathCache(null!, Queue());
    }

    public void Dispose() => _kept.Drop(0, long.MaxValue);

    [Fact]
    public void A_newer_write_drops_the_older_bytes_whatever_path_they_went_by()
    {
        Put(0, 4 * K, _a, 1);
        Put(0, 4 * K, _b, 2);
        Text().ShouldBe("0-4096:b2");
        _kept.Bytes.ShouldBe(4 * K);
    }

    [Fact]
    public void A_write_in_the_middle_leaves_both_ends()
    {
        Put(0, 12 * K, _a, 1);
        Put(4 * K, 8 * K, _b, 2);
        Text().ShouldBe("0-4096:a1 4096-8192:b2 8192-12288:a1");
        _kept.Bytes.ShouldBe(16 * K, "the ends share their memory");
        _kept.Drop(0, 4 * K);
        _kept.Bytes.ShouldBe(16 * K);
        _kept.Drop(8 * K, 12 * K);
        _kept.Bytes.ShouldBe(4 * K);
    }

    [Fact]
    public void A_write_over_several_cuts_the_first_and_the_last()
    {
        for (int i = 0; i < 4; i++) Put(i * 4 * K, (i + 1) * 4 * K, _a, (byte)i);
        Put(2 * K, 14 * K, _b, 9);
        Text().ShouldBe("0-2048:a0 2048-14336:b9 14336-16384:a3");
    }

    [Fact]
    public void Neighbours_are_left_alone()
    {
        Put(0, 4 * K, _a, 1);
        Put(8 * K, 12 * K, _a, 3);
        Put(4 * K, 8 * K, _b, 2);
        Text().ShouldBe("0-4096:a1 4096-8192:b2 8192-12288:a3");
        _kept.Drop(12 * K, 16 * K).ShouldBeFalse();
    }

    [Fact]
    public void Room_is_refused_where_the_bound_would_be_passed()
    {
        Put(0, 56 * K, _a, 1);
        _kept.TryReserve(4 * K + 1).ShouldBeTrue("two pages, and the bound is reached");
        _kept.TryReserve(1).ShouldBeFalse();
        _kept.Unreserve(4 * K + 1);
        _kept.TryReserve(8 * K).ShouldBeTrue();
    }

    [Fact]
    public void What_had_landed_when_a_flush_began_is_settled_and_no_more()
    {
        Put(0, 4 * K, _a, 1);
        Put(4 * K, 8 * K, _b, 2);
        long covered = _kept.Landed;
        Put(8 * K, 12 * K, _a, 3);
        _kept.Settle(_a, covered);
        Text().ShouldBe("4096-8192:b2 8192-12288:a3");
    }

    [Fact]
    public void What_a_cache_has_lost_is_found_in_pieces_and_moves_to_another()
    {
        Put(0, 8 * K, _a, 1);
        Put(8 * K, 12 * K, _b, 2);
        Put(12 * K, 16 * K, _a, 3);
        _kept.Lose(_a).ShouldBeTrue();
        long length = 4 * K;
        _kept.NextLost(0, ref length).ShouldBe(0);
        length.ShouldBe(4 * K);
        _kept.Move(0, 4 * K, _b);
        length = 64 * K;
        _kept.NextLost(0, ref length).ShouldBe(4 * K);
        length.ShouldBe(4 * K, "what follows is in a cache");
        _kept.Mark(4 * K, 8 * K, isReplaying: true);
        _kept.NextLost(0, ref length).ShouldBe(12 * K);
        Text().ShouldBe("0-4096:b1 4096-8192:-1 8192-12288:b2 12288-16384:-3");
    }

    [Fact]
    public void A_newer_write_makes_a_replay_out_of_date_even_when_it_is_lost_too()
    {
        Put(0, 8 * K, _a, 1);
        long sequence = _kept.Sequence;
        _kept.Lose(_a);
        _kept.IsLost(0, 8 * K, sequence).ShouldBeTrue();
        Put(4 * K, 8 * K, _b, 2);
        _kept.IsLost(0, 8 * K, sequence).ShouldBeFalse();
        _kept.Lose(_b);
        _kept.IsLost(0, 8 * K, sequence).ShouldBeFalse();
        _kept.IsLost(0, 8 * K, _kept.Sequence).ShouldBeTrue();
        _kept.Drop(0, K);
        _kept.IsLost(0, 8 * K, _kept.Sequence).ShouldBeFalse();
    }

    /// <summary>Against an array with a value for each sector.</summary>
    [Fact]
    public void Random_writes_and_drops_keep_the_newest_bytes()
    {
        var random = new LoopRandom(7);
        byte[] model = new byte[64];
        for (int step = 1; step < 2000; step++)
        {
            long begin = random.Next(63);
            long end = begin + 1 + random.Next(Math.Min(12, 64 - begin));
            byte value = (byte)(random.Chance(300) ? 0 : 1 + (step % 250));
            model.AsSpan((int)begin, (int)(end - begin)).Fill(value);
            if (value == 0) _kept.Drop(begin * 512, end * 512);
            else Put(begin * 512, end * 512, random.Chance(500) ? _a : _b, value);
            Sectors().ShouldBe(model);
        }
        _kept.Drop(0, 32 * K);
        _kept.Bytes.ShouldBe(0);
    }

    private static RequestQueue Queue() => new(
        new SimulatedLoop(1), new Sink(), new QueueLimits(), new QueueOptions { Depth = 1 });

    private void Put(long begin, long end, PathCache cache, byte value)
    {
        KeptWrite write = _kept.Put(begin, end, cache);
        new Span<byte>(write.At(begin), (int)(end - begin)).Fill(value);
    }

    private byte[] Sectors()
    {
        byte[] sectors = new byte[64];
        foreach (KeptWrite write in _kept.All)
            for (long at = write.Begin; at < write.End; at += 512)
                sectors[at / 512] = *write.At(at);
        return sectors;
    }

    private string Text() => string.Join(' ', _kept.All.Select(write =>
        $"{write.Begin}-{write.End}:{Name(write.Cache)}{*write.At(write.Begin)}"));

    private string Name(PathCache? cache) => cache is null ? "-" : cache == _a ? "a" : "b";

    private sealed class Sink : IQueueDriver
    {
        public bool IsBusy => false;

        public BlockStatus QueueRequest(Request request) => BlockStatus.IoError;
    }
}
