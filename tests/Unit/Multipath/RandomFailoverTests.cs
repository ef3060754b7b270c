// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// Random I/O with real data over four paths that refuse, fail half-way, are failed and reinstated.
/// Each bio ends once and well, and every read has what was written last.
/// </summary>
public sealed class RandomFailoverTests
{
    private const int Block = 4096;
    private const int Blocks = 256;
    private const string Groups = "0 2 1 service-time 0 2 2 a 1 2 b 1 1 queue-length 0 2 1 c 1 d 1";

    private readonly Bench _bench = new();
    private readonly byte[] _store = new byte[Blocks * Block];
    private readonly byte[] _memory = PinnedData.Make(64 * Block * 8);
    private readonly byte[] _expected = new byte[Blocks];
    private readonly bool[] _busy = new bool[Blocks];
    private readonly Stack<int> _slots = new(Enumerable.Range(0, 64));
    private readonly List<TestDevice> _paths = [];
    private LoopRandom _random = null!;
    private byte _mark;

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData("1 queue_if_no_path", SchedulerKind.None, false, 1)]
    [InlineData("1 queue_if_no_path", SchedulerKind.Deadline, false, 2)]
    [InlineData("1 queue_if_no_path", SchedulerKind.Deadline, true, 3)]
    [InlineData("1 queue_if_no_path", SchedulerKind.None, true, 4)]
    [InlineData("3 queue_if_no_path queue_mode bio", SchedulerKind.Deadline, false, 5)]
    [InlineData("3 queue_if_no_path queue_mode bio", SchedulerKind.None, true, 6)]
    public void Nothing_is_lost_torn_or_doubled(
        string features, SchedulerKind scheduler, bool cap, ulong seed)
    {
        _random = new LoopRandom(seed);
        var options = new QueueOptions { Scheduler = scheduler, Depth = 16, CapMerges = cap };
        foreach (string name in (string[])["a", "b", "c", "d"]) AddPath(name);
        MappedDevice map = _bench.Map($"0 2048 multipath {features} {Groups}", options);
        Owner.Then = Ended;
        for (int step = 0; step < 20_000; step++)
        {
            if (_random.Chance(400)) SubmitAny(map);
            else if (_random.Chance(700)) CompleteAny();
            else MessageAny(map);
            if (_random.Chance(300)) _bench.Loop.RunFor(_random.Next(20 * Loops.Ms));
        }
        Drain(map);
        ShouldBeWhole(map);
    }

    private void AddPath(string name)
    {
        TestDevice path = _bench.Add(
            name, new QueueOptions { Depth = 3 }, new QueueLimits { MaxBytes = 12 * Block },
            _store.Length);
        path.DelayNs = null;
        path.Store = _store;
        path.Answer = _ => _random.Next(12) switch
        {
            0 => BlockStatus.Resource,
            1 => BlockStatus.DeviceResource,
            2 => BlockStatus.Offline,
            _ => BlockStatus.Ok,
        };
        _paths.Add(path);
    }

    /// <summary>Of blocks that nobody else is using, so that there is one right answer.</summary>
    private unsafe void SubmitAny(MappedDevice map)
    {
        int first = (int)_random.Next(Blocks);
        int count = (int)Math.Min(1 + _random.Next(8), Blocks - first);
        if (_slots.Count == 0 || _busy.AsSpan(first, count).Contains(true)) return;
        int slot = _slots.Pop();
        _busy.AsSpan(first, count).Fill(true);
        Bio bio = _random.Chance(500)
            ? Owner.Write(first * Block, count * Block)
            : Owner.Read(first * Block, count * Block);
        Span<byte> memory = Memory(slot, count);
        bio.ExtentCount = slot;
        bio.Data = PinnedData.At(_memory, slot * 8 * Block);
        if (bio.IsWrite) memory.Fill(++_mark);
        else memory.Fill(0xEE);
        map.Submit(bio);
    }

    private Span<byte> Memory(int slot, int blocks) =>
        _memory.AsSpan(slot * 8 * Block, blocks * Block);

    private void Ended(Bio bio)
    {
        bio.Status.ShouldBe(BlockStatus.Ok);
        int first = (int)(bio.Offset / Block);
        int count = (int)(bio.Length / Block);
        Span<byte> memory = Memory(bio.ExtentCount, count);
        for (int i = 0; i < count; i++)
        {
            if (bio.IsWrite) _expected[first + i] = memory[0];
            else memory.Slice(i * Block, Block).ContainsAnyExcept(_expected[first + i])
                .ShouldBeFalse($"block {first + i}");
        }
        _busy.AsSpan(first, count).Clear();
        _slots.Push(bio.ExtentCount);
    }

    private void CompleteAny()
    {
        TestDevice path = _paths[(int)_random.Next(_paths.Count)];
        if (path.InFlight.Count == 0) return;
        Request request = path.InFlight[(int)_random.Next(path.InFlight.Count)];
        if (_random.Chance(800))
        {
            path.Complete(request);
            return;
        }
        long done = _random.Next(request.Length / 512) * 512;
        path.Complete(
            request, _random.Chance(100) ? BlockStatus.Resource : BlockStatus.Transport, done);
    }

    private void MessageAny(MappedDevice map)
    {
        string name = _paths[(int)_random.Next(4)].Name;
        long group = 1 + _random.Next(2);
        map.Message(_random.Next(20) switch
        {
            0 => $"fail_path {name}",
            1 => $"switch_group {group}",
            2 => $"disable_group {group}",
            3 => $"enable_group {group}",
            _ => $"reinstate_path {name}",
        });
    }

    private void Drain(MappedDevice map)
    {
        foreach (TestDevice path in _paths) path.Answer = static _ => BlockStatus.Ok;
        for (int round = 0; Owner.Open > 0; round++)
        {
            round.ShouldBeLessThan(1000, "some I/O never ends");
            foreach (TestDevice path in _paths)
            {
                path.CompleteAll();
                map.Message($"reinstate_path {path.Name}");
            }
            _bench.Loop.RunFor(100 * Loops.Ms);
        }
    }

    private void ShouldBeWhole(MappedDevice map)
    {
        Owner.Made.ShouldBeGreaterThan(1000);
        for (int block = 0; block < Blocks; block++)
            _store.AsSpan(block * Block, Block).ContainsAnyExcept(_expected[block])
                .ShouldBeFalse();
        map.InFlight.ShouldBe(0);
        map.Multipath().Groups.SelectMany(group => group.Paths)
            .ShouldAllBe(path => path.Selection.InFlight == 0);
        _paths.ShouldAllBe(path => path.Queue.Tags.InUse == 0);
        _bench.Changes.Count.ShouldBeGreaterThan(100);
    }
}
