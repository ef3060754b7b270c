// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;
using Braid.Transports.Memory;

namespace Braid.Tests.Unit.Multipath;

/// <summary>In the steady state an I/O allocates nothing, on its whole way and back.</summary>
public sealed class AllocationTests
{
    private const int WarmUp = 20_000;
    private const int Measured = 50_000;

    private static readonly QueueLimits Limits = new()
    {
        MaxBytes = 32 * 1024,
        MaxDiscardBytes = 1 << 20,
        MaxWriteZeroesBytes = 1 << 20,
        WriteCache = true,
    };

    private readonly Bench _bench = new();

    [Theory]
    [InlineData("0", SchedulerKind.None, 32)]
    [InlineData("0", SchedulerKind.Deadline, 32)]
    [InlineData("0", SchedulerKind.Deadline, 4)]
    [InlineData("2 queue_mode bio", SchedulerKind.None, 32)]
    [InlineData("2 queue_mode bio", SchedulerKind.Deadline, 4)]
    public void Reads_and_writes_of_memory_allocate_nothing(
        string features, SchedulerKind scheduler, int depth)
    {
        using var store = new MemoryStore("m", 1 << 20);
        var options = new QueueOptions { Scheduler = scheduler, Depth = depth };
        foreach (string name in (string[])["a", "b"])
        {
            var path = new MemoryDevice(_bench.Loop, name, store, options);
            path.Start();
            _bench.Add(path);
        }
        MappedDevice map = _bench.Map(
            $"0 2048 multipath {features} 0 1 1 service-time 0 2 2 a 1 1 b 1 1", options);
        new Load(map, [BlockOperation.Read, BlockOperation.Write]).ShouldAllocateNothing(_bench);
    }

    [Theory]
    [InlineData("0", SchedulerKind.None)]
    [InlineData("0", SchedulerKind.Deadline)]
    [InlineData("2 queue_mode bio", SchedulerKind.None)]
    public void Flushes_discards_forced_and_long_writes_allocate_nothing(
        string features, SchedulerKind scheduler)
    {
        var options = new QueueOptions { Scheduler = scheduler, Depth = 8, CapMerges = true };
        foreach (string name in (string[])["a", "b"])
            _bench.Add(new QuietDevice(_bench.Loop, name, options, Limits));
        MappedDevice map = _bench.Map(
            $"0 2048 multipath {features} 0 1 1 queue-length 0 2 1 a 1 b 1", options);
        BlockOperation[] operations =
        [
            BlockOperation.Write, BlockOperation.Flush, BlockOperation.Discard,
            BlockOperation.WriteZeroes, BlockOperation.Read,
        ];
        new Load(map, operations) { Forced = true, Long = true }.ShouldAllocateNothing(_bench);
    }

    [Fact]
    public void I_O_of_linear_targets_allocates_nothing()
    {
        foreach (string name in (string[])["a", "b"])
            _bench.Add(new QuietDevice(_bench.Loop, name, new QueueOptions(), Limits));
        MappedDevice map = _bench.Map("0 1000 linear a 8\n1000 1048 linear b 0");
        new Load(map, [BlockOperation.Write, BlockOperation.Flush, BlockOperation.Read])
        {
            Long = true,
        }.ShouldAllocateNothing(_bench);
    }

    [Theory]
    [InlineData("1 queue_if_no_path")]
    [InlineData("3 queue_if_no_path queue_mode bio")]
    public void A_retry_allocates_nothing(string features)
    {
        // What one failure costs - a log line, an event - is the same for one retry and for many.
        // Twice, since the first time each way is taken something is made for later.
        MeasureFailover(features, 64);
        long one = MeasureFailover(features, 1);
        long many = MeasureFailover(features, 64);
        many.ShouldBe(one);
    }

    private static long MeasureFailover(string features, int retries)
    {
        var bench = new Bench();
        var options = new QueueOptions { Depth = 64 };
        var a = new QuietDevice(bench.Loop, "a", options, Limits) { IsHolding = true };
        var b = new QuietDevice(bench.Loop, "b", options, Limits);
        bench.Add(a);
        bench.Add(b);
        MappedDevice map = bench.Map(
            $"0 2048 multipath {features} 0 2 1 round-robin 0 1 1 a 1 round-robin 0 1 1 b 1",
            options);
        // The lists of the test itself shall not grow meanwhile.
        bench.Log.EnsureCapacity(100);
        bench.Changes.EnsureCapacity(100);
        var owner = new CountingOwner();
        long bytes = 0;
        for (int round = 0; round < 3; round++)
        {
            a.IsHolding = true;
            for (int i = 0; i < retries; i++) map.Submit(owner.Write(i * 8192));
            bench.Loop.Settle();
            a.InFlight.ShouldBe(retries);
            a.IsFailing = true;
            long before = GC.GetAllocatedBytesForCurrentThread();
            a.Release();
            bench.Loop.Settle();
            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            owner.Good.ShouldBe(retries * (round + 1));
            a.IsFailing = false;
            map.Message("reinstate_path a");
            map.Message("switch_group 1");
        }
        return bytes;
    }

    private sealed class CountingOwner : IBioOwner
    {
        public int Good { get; private set; }

        public Bio Write(long offset) =>
            new(this) { Operation = BlockOperation.Write, Offset = offset, Length = 4096 };

        public void EndBio(Bio bio)
        {
            if (bio.Status == BlockStatus.Ok) Good++;
        }
    }

    /// <summary>64 bios that are submitted again as soon as they end.</summary>
    private sealed class Load : IBioOwner
    {
        private const int Bios = 64;

        private readonly MappedDevice _map;
        private readonly BlockOperation[] _operations;
        private readonly byte[] _data = PinnedData.Make(1 << 20);
        private int _started;
        private int _ended;
        private long _before;
        private long _after;

        public Load(MappedDevice map, BlockOperation[] operations)
        {
            _map = map;
            _operations = operations;
        }

        /// <summary>Some writes are forced, some with a flush before them.</summary>
        public bool Forced { get; init; }

        /// <summary>Some bios are longer than a request may be.</summary>
        public bool Long { get; init; }

        public void ShouldAllocateNothing(Bench bench)
        {
            for (int i = 0; i < Bios; i++) Submit(new Bio(this));
            bench.Loop.Settle();
            _ended.ShouldBe(WarmUp + Measured + Bios - 1);
            (_after - _before).ShouldBe(0);
        }

        public void EndBio(Bio bio)
        {
            if (bio.Status != BlockStatus.Ok) throw new InvalidOperationException($"{bio.Status}");
            _ended++;
            if (_ended == WarmUp) _before = GC.GetAllocatedBytesForCurrentThread();
            if (_ended == WarmUp + Measured) _after = GC.GetAllocatedBytesForCurrentThread();
            if (_ended < WarmUp + Measured) Submit(bio);
        }

        private unsafe void Submit(Bio bio)
        {
            int number = _started++;
            bio.Operation = _operations[number % _operations.Length];
            bool isFlush = bio.Operation == BlockOperation.Flush;
            // Streams of neighbours, so that there is something to merge.
            int place = number / _operations.Length;
            // At first all are long and lie over the border of the targets: pools reach their size.
            if (number < Bios) place = 105;
            bio.Length = isFlush ? 0 : Long && place % 7 == 0 ? 128 * 1024 : 4096;
            bio.Offset = isFlush ? 0 : place % 200 * 4096;
            bio.Flags = BioFlags.None;
            if (Forced && bio.Operation == BlockOperation.Write && place % 5 == 0)
                bio.Flags = BioFlags.Fua | BioFlags.Preflush;
            bio.Data = bio.HasData ? PinnedData.At(_data, (int)bio.Offset) : null;
            _map.Submit(bio);
        }
    }
}
