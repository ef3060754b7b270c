// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// Random loads, suspends, resumes and messages under random I/O with real data, over paths of
/// different limits that fail and come back. Each bio ends once, each path gets only what it can
/// do and nothing while the device is suspended, and every read has what was written last.
/// </summary>
public sealed class RandomSwapTests
{
    private const int Block = 4096;
    private const int Blocks = 256;
    private const int MaxBioBlocks = 40;
    private const int Slots = 48;
    private const int Unknown = -1;
    private const int Steps = 15_000;

    private static readonly string[] PathNames = ["a", "b", "c", "d"];

    private readonly Bench _bench = new();
    private readonly byte[] _store = new byte[Blocks * Block];
    private readonly byte[] _memory = PinnedData.Make(Slots * MaxBioBlocks * Block);
    private readonly int[] _expected = new int[Blocks];
    private readonly bool[] _busy = new bool[Blocks];
    private readonly Stack<int> _slots = new(Enumerable.Range(0, Slots));
    private readonly List<TestDevice> _paths = [];
    private readonly List<Transition> _transitions = [];
    private LoopRandom _random = null!;
    private MappedDevice _map = null!;
    private byte _mark;
    private int _failed;

    private TestOwner Owner => _bench.Owner;

    public static TheoryData<string, SchedulerKind, ulong> Runs
    {
        get
        {
            var runs = new TheoryData<string, SchedulerKind, ulong>();
            ulong seed = 1;
            foreach (string mode in (string[])["mq", "mq alua", "bio", "bio alua", "plain"])
                foreach (SchedulerKind kind in Enum.GetValues<SchedulerKind>())
                    for (int i = 0; i < 2; i++) runs.Add(mode, kind, seed++);
            return runs;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Nothing_is_lost_torn_doubled_or_sent_where_it_must_not_go(
        string mode, SchedulerKind scheduler, ulong seed)
    {
        _random = new LoopRandom(seed);
        MakePaths(withHandler: mode.EndsWith("alua", StringComparison.Ordinal));
        var options = new QueueOptions { Scheduler = scheduler, Depth = 12, CapMerges = seed > 4 };
        _bench.QueueTimeoutNs = seed % 2 == 0 ? 0 : 700 * Loops.Ms;
        _map = _bench.Map(LastTable(mode), options);
        Owner.Then = Ended;
        for (int step = 0; step < Steps; step++)
        {
            int kind = (int)_random.Next(100);
            if (kind < 45) SubmitAny();
            else if (kind < 80) CompleteAny();
            else if (kind < 90) MessageAny();
            else ChangeAny(mode);
            if (_random.Chance(300)) _bench.Loop.RunFor(_random.Next(20 * Loops.Ms));
        }
        Drain(mode);
        ShouldBeWhole();
    }

    private void MakePaths(bool withHandler)
    {
        QueueLimits[] limits =
        [
            new() { MaxBytes = 32 * Block, WriteCache = true, Fua = true },
            new() { MaxBytes = 8 * Block, BoundaryBytes = 16 * Block },
            new() { MaxBytes = 20 * Block, MaxSegments = 4, WriteCache = true },
            new() { MaxBytes = 3 * Block },
        ];
        for (int i = 0; i < PathNames.Length; i++)
        {
            QueueLimits its = limits[i];
            TestDevice path = _bench.Add(
                PathNames[i], new QueueOptions { Depth = 4 }, its, _store.Length);
            path.DelayNs = null;
            path.Store = _store;
            if (withHandler) path.Handlers = ["alua"];
            if (withHandler) path.Handler = new TestHandler("alua");
            path.Answer = request => Take(request, its);
            _paths.Add(path);
        }
    }

    /// <summary>Sometimes the path takes no more, or fails at once.</summary>
    private BlockStatus Take(Request request, QueueLimits limits)
    {
        _map.IsSuspended.ShouldBeFalse("I/O while the device is suspended");
        request.End.ShouldBeLessThanOrEqualTo(_map.SizeBytes, "I/O beyond the device");
        if (request.Operation is BlockOperation.Read or BlockOperation.Write)
        {
            request.Length.ShouldBeInRange(1, limits.MaxBytes);
            request.Segments.ShouldBeInRange(1, limits.MaxSegments);
            if (limits.BoundaryBytes > 0)
                (request.Offset / limits.BoundaryBytes)
                    .ShouldBe((request.End - 1) / limits.BoundaryBytes);
        }
        if (limits is { WriteCache: true, Fua: false }) request.Flags.ShouldBe(BioFlags.None);
        return _random.Next(16) switch
        {
            0 => BlockStatus.Resource,
            1 => BlockStatus.DeviceResource,
            2 => BlockStatus.Offline,
            _ => BlockStatus.Ok,
        };
    }

    private string AnyTable(string mode)
    {
        int sectors = _random.Chance(250) ? 1536 : 2048;
        if (mode == "plain") return PlainTable(sectors);
        string features = mode.StartsWith("bio", StringComparison.Ordinal) ? "queue_mode bio " : "";
        if (_random.Chance(800)) features += "queue_if_no_path ";
        if (_random.Chance(300)) features += "pg_init_retries 2 ";
        int words = features.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        string handler = mode == "mq alua" ? "1 alua" : "0";
        string head = $"0 {sectors} multipath {words} {features}{handler}";
        return _random.Next(6) switch
        {
            0 => $"{head} 1 1 round-robin 0 4 1 a 1 b 1 c 1 d 1",
            1 => $"{head} 2 1 service-time 0 2 2 a 1 2 b 1 1 queue-length 0 2 1 c 1 d 1",
            2 => $"{head} 2 2 queue-length 0 1 0 d round-robin 0 2 0 b a",
            3 => $"{head} 1 1 historical-service-time 0 2 0 c a",
            4 => $"{head} 0 0",
            _ when mode == "mq" => $"0 {sectors} error",
            _ => $"{head} 1 1 round-robin 0 1 0 d",
        };
    }

    private static string LastTable(string mode) => mode switch
    {
        "plain" => "0 2048 linear a 0",
        "mq" => "0 2048 multipath 0 0 1 1 round-robin 0 2 0 a b",
        "mq alua" => "0 2048 multipath 0 1 alua 1 1 round-robin 0 2 0 a b",
        _ => "0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 2 0 a b",
    };

    /// <summary>Every target maps to the same place of the store.</summary>
    private string PlainTable(int sectors) => _random.Next(5) switch
    {
        0 => $"0 {sectors} linear a 0",
        1 => $"0 512 linear b 0\n512 {sectors - 512} delay c 512 30",
        2 => $"0 {sectors} delay a 0 5 d 0 50",
        3 => $"0 800 flakey d 0 1 1 1 error_writes\n800 {sectors - 800} linear b 800",
        _ => $"0 600 linear c 0\n600 8 error\n608 {sectors - 608} linear a 608",
    };

    /// <summary>Of blocks that nobody else is using, so that there is one right answer.</summary>
    private unsafe void SubmitAny()
    {
        int first = (int)_random.Next(Blocks);
        int most = _random.Chance(200) ? MaxBioBlocks : 4;
        int count = (int)Math.Min(1 + _random.Next(most), Blocks - first);
        if (_slots.Count == 0 || _busy.AsSpan(first, count).Contains(true)) return;
        if (_random.Chance(30))
        {
            _map.Submit(Owner.Flush());
            return;
        }
        int slot = _slots.Pop();
        _busy.AsSpan(first, count).Fill(true);
        BioFlags flags = _random.Chance(100) ? BioFlags.Fua : BioFlags.None;
        if (_random.Chance(50)) flags |= BioFlags.Preflush;
        Bio bio = _random.Chance(500)
            ? Owner.Write(first * Block, count * Block, flags)
            : Owner.Read(first * Block, count * Block);
        Span<byte> memory = Memory(slot, count);
        bio.ExtentCount = slot;
        bio.Data = PinnedData.At(_memory, slot * MaxBioBlocks * Block);
        memory.Fill(bio.IsWrite ? ++_mark : (byte)0xEE);
        _map.Submit(bio);
    }

    private Span<byte> Memory(int slot, int blocks) =>
        _memory.AsSpan(slot * MaxBioBlocks * Block, blocks * Block);

    private void Ended(Bio bio)
    {
        bool isOk = bio.Status == BlockStatus.Ok;
        if (!isOk) _failed++;
        if (bio.Operation == BlockOperation.Flush) return;
        int first = (int)(bio.Offset / Block);
        int count = (int)(bio.Length / Block);
        Span<byte> memory = Memory(bio.ExtentCount, count);
        for (int i = 0; i < count; i++)
        {
            // A write that failed may have been done in part.
            if (bio.IsWrite) _expected[first + i] = isOk ? memory[0] : Unknown;
            else if (isOk && _expected[first + i] != Unknown)
                memory.Slice(i * Block, Block).ContainsAnyExcept((byte)_expected[first + i])
                    .ShouldBeFalse($"block {first + i}");
        }
        _busy.AsSpan(first, count).Clear();
        _slots.Push(bio.ExtentCount);
    }

    private void CompleteAny()
    {
        TestDevice path = _paths[(int)_random.Next(_paths.Count)];
        if (path.Handler is { Waiting: > 0 } handler && _random.Chance(500))
            handler.Answer(_random.Chance(800)
                ? ActivationResult.Ok
                : (ActivationResult)_random.Next(8));
        if (path.InFlight.Count == 0) return;
        Request request = path.InFlight[(int)_random.Next(path.InFlight.Count)];
        if (_random.Chance(850)) path.Complete(request);
        else path.Complete(
            request, _random.Chance(100) ? BlockStatus.Resource : BlockStatus.Transport,
            request.Length / 512 > 0 ? _random.Next(request.Length / 512) * 512 : 0);
    }

    private void MessageAny()
    {
        string name = PathNames[_random.Next(4)];
        long group = 1 + _random.Next(2);
        TryMessage(_random.Next(24) switch
        {
            0 or 1 => $"fail_path {name}",
            2 => $"switch_group {group}",
            3 => $"disable_group {group}",
            4 => $"enable_group {group}",
            5 => "fail_if_no_path",
            6 or 7 => "queue_if_no_path",
            _ => $"reinstate_path {name}",
        });
    }

    private void TryMessage(string message)
    {
        try
        {
            _map.Message(message);
        }
        catch (MessageException)
        {
            // It is suspended, or its table has no such path or group.
        }
    }

    private void ChangeAny(string mode)
    {
        bool noFlush = _random.Chance(750);
        switch (_random.Next(10))
        {
            case 0 or 1:
                _transitions.Add(_map.Suspend(noFlush));
                break;
            case 2:
                _map.Clear();
                break;
            case 3 or 4:
                TryLoad(AnyTable(mode));
                break;
            case 5:
                // Too long for its path: found out at the resume.
                TryLoad(mode == "plain"
                    ? "0 4096 linear a 0"
                    : AnyTable(mode).Replace("0 1536 ", "0 4096 ", StringComparison.Ordinal));
                break;
            default:
                _transitions.Add(_map.Resume(noFlush));
                break;
        }
    }

    private void TryLoad(string table)
    {
        try
        {
            _bench.Load(_map, table);
        }
        catch (TableException error)
        {
            error.Message.ShouldStartWith("cannot ");
        }
    }

    private void Drain(string mode)
    {
        foreach (TestDevice path in _paths) path.Answer = static _ => BlockStatus.Ok;
        var resume = new Transition();
        _bench.Load(_map, LastTable(mode));
        _map.Resume(noFlush: true, resume.Done);
        for (int round = 0; Owner.Open > 0 || !resume.IsDone; round++)
        {
            round.ShouldBeLessThan(2000, $"{Owner.Open} I/Os never end; {_map.Table!.Status()}");
            foreach (TestDevice path in _paths)
            {
                path.CompleteAll();
                TryMessage($"reinstate_path {path.Name}");
                while (path.Handler is { Waiting: > 0 } handler)
                    handler.Answer(ActivationResult.Ok);
            }
            _bench.Loop.RunFor(100 * Loops.Ms);
        }
        resume.ShouldBeDone();
        _map.IsSuspended.ShouldBeFalse();
        _map.Table!.Describe().ShouldContain("a ");
    }

    private void ShouldBeWhole()
    {
        _failed.ShouldBeGreaterThan(0);
        (Owner.Made - _failed).ShouldBeGreaterThan(150, $"of {Owner.Made}");
        _transitions.ShouldAllBe(transition => transition.IsDone);
        _transitions.Count.ShouldBeGreaterThan(200);
        _map.InFlight.ShouldBe(0);
        _map.Queue?.Tags.InUse.ShouldBe(0);
        for (int block = 0; block < Blocks; block++)
            if (_expected[block] != Unknown)
                _store.AsSpan(block * Block, Block).ContainsAnyExcept((byte)_expected[block])
                    .ShouldBeFalse($"block {block}");
        foreach (TestDevice path in _paths)
        {
            path.Queue.Tags.InUse.ShouldBe(0);
            path.Statistics.InFlight.ShouldBe(0);
        }
        if (_map.Table!.Entries[0].Target is MultipathTarget target)
            target.Groups.SelectMany(group => group.Paths)
                .ShouldAllBe(path => path.Selection.InFlight == 0);
        _map.Remove();
        _bench.Loop.RunFor(60_000 * Loops.Ms);
        _bench.Loop.Timers.Count.ShouldBe(0);
        _paths.ShouldAllBe(path => path.OpenCount == 0);
    }
}
