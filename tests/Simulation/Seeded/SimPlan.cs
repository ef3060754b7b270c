// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>What a seed makes of the world: its parts, its load and its luck.</summary>
internal sealed record SimPlan
{
    private const long Ms = 1_000_000;
    private const long Second = 1000 * Ms;

    public required ulong Seed { get; init; }

    public int Paths { get; init; }

    public SimLoops Loops { get; init; } = new();

    /// <summary>Loops of the daemon, each with paths of its own.</summary>
    public int Channels => Loops.Count;

    public long VolumeBytes { get; init; }

    /// <summary>The storage has a cache that it can lose.</summary>
    public bool IsVolatile { get; init; }

    public bool HasPrivateCaches => Servers.HasOwnCache;

    /// <summary>What was acknowledged is kept while the daemon lives, whatever is lost.</summary>
    public bool KeepsWrites => MapQueue.WriteCache == WriteCache.Private;

    public SimServerKind Servers { get; init; } = new();

    public bool BioMode { get; init; }

    /// <summary>I/O is never failed for want of a path, unless an operator says so.</summary>
    public bool QueueIfNoPath { get; init; }

    public QueueOptions MapQueue { get; init; } = new();

    public QueueOptions PathQueue { get; init; } = new();

    public long IoTimeoutNs { get; init; }

    /// <summary>What is done about writes that come late.</summary>
    public StaleWriteGuard StaleWrites { get; init; } = StaleWriteGuard.Time;

    /// <summary>
    /// So long after it was sent a request may still be done. A guard by time can know of no more.
    /// </summary>
    public long LatestNs => StaleWrites == StaleWriteGuard.Proof ? 20 * IoTimeoutNs : IoTimeoutNs;

    public long PoolBytes => Loops.PoolBytes;

    public SimWire Wire { get; init; } = new();

    /// <summary>Of a server that is well.</summary>
    public long ServiceNs { get; init; }

    public SimLoadPlan Load { get; init; } = new();

    /// <summary>Troubled times, each followed by a calm one in which all is verified.</summary>
    public int Rounds { get; init; }

    public long RoundNs { get; init; }

    /// <summary>The daemon ends in the middle of it all; null when it does not.</summary>
    public SimRestart? Restart { get; init; }

    /// <summary>Mean time between two faults, and between two acts of an operator.</summary>
    public long FaultEveryNs { get; init; }

    public long ActEveryNs { get; init; }

    public static SimPlan For(ulong seed)
    {
        LoopRandom random = SimRandom.For(seed, "plan");
        long volume = random.Pick(64L, 256, 256, 1024, 4096) << 10;
        long roundNs = random.Duration(2 * Second, 40 * Second);
        SimLoadPlan load = SimLoadPlan.Draw(random, volume, roundNs);
        bool isVolatile = random.Chance(500);
        var plan = new SimPlan
        {
            Seed = seed,
            Paths = random.Pick(1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8),
            VolumeBytes = volume,
            IsVolatile = isVolatile,
            Servers = DrawServers(random, isVolatile, load.Align),
            BioMode = random.Chance(250),
            QueueIfNoPath = random.Chance(700),
            MapQueue = DrawQueue(random) with
            {
                CapMerges = random.Chance(500),
                FreeRetries = MapOptions.FreeRetries,
            },
            PathQueue = DrawQueue(random),
            IoTimeoutNs = random.Pick(200, 500, 1000, 3000) * Ms,
            StaleWrites = random.Chance(150) ? StaleWriteGuard.Proof : StaleWriteGuard.Time,
            Loops = new SimLoops
            {
                PoolBytes = Math.Max(4 * load.MaxBytes, random.Pick(1L, 2, 8, 32) << 20),
            },
            Wire = new SimWire { LatencyNs = random.Duration(10_000, 2 * Ms) },
            ServiceNs = random.Duration(10_000, 3 * Ms),
            Load = load,
            Rounds = random.Between(1, 3),
            RoundNs = roundNs,
            FaultEveryNs = random.Duration(20 * Ms, 4 * Second),
            ActEveryNs = random.Chance(300) ? long.MaxValue : random.Duration(50 * Ms, 4 * Second),
        };
        plan = plan with
        {
            Servers = plan.Servers with { HasHardErrors = random.Chance(200) },
        };
        plan = WithScarcity(WithRestart(plan)).DrawHedges();
        if (isVolatile && !plan.BioMode) plan = WithCaches(plan);
        return plan.KeepsWrites ? plan : plan.WithChannels();
    }

    /// <summary>The same, but that reads are sent on a second path.</summary>
    public SimPlan WithHedges(double percentile, double share)
    {
        var hedging = new HedgeOptions { Percentile = percentile, SharePercent = share };
        return this with { MapQueue = MapQueue with { Hedging = hedging } };
    }

    /// <summary>Handlers to ask, little memory, servers that take few requests.</summary>
    private static SimPlan WithScarcity(SimPlan plan)
    {
        LoopRandom random = SimRandom.For(plan.Seed, "scarcity");
        long least = Math.Max(plan.Load.MaxBytes, BufferPool.MaxBuffer);
        return plan with
        {
            Loops = random.Chance(300)
                ? plan.Loops with { PoolBytes = least }
                : plan.Loops,
            Servers = plan.Servers with
            {
                HasHandlers = !plan.BioMode && random.Chance(300),
                MostActive = random.Chance(300) ? random.Pick(1, 2, 4) : int.MaxValue,
                ListsExtents = plan.Servers.StructuredReplies && random.Chance(600),
            },
            Load = plan.Load with { Queries = random.Pick(0, 0, 30, 150) },
            Wire = random.Chance(300)
                ? plan.Wire.WithRoomFor(plan.MostInFlight / random.Pick(2, 4, 8))
                : plan.Wire,
        };
    }

    private static SimPlan WithRestart(SimPlan plan)
    {
        LoopRandom random = SimRandom.For(plan.Seed, "restart");
        if (!random.Chance(400)) return plan;
        return plan with
        {
            Restart = new SimRestart(
                (int)random.Next(plan.Rounds),
                random.Pick(0, 50 * Ms, 5 * Second, 5 * Second)),
        };
    }

    /// <summary>The servers have caches of their own, and the engine knows it.</summary>
    public static SimPlan WithPrivateCaches(SimPlan plan) => plan with
    {
        BioMode = false,
        IsVolatile = true,
        MapQueue = plan.MapQueue with { WriteCache = WriteCache.Private },
        Servers = plan.Servers with
        {
            HasOwnCache = true,
            Flags = plan.Servers.Flags | NbdTransmissionFlags.SendFlush,
        },
    };

    /// <summary>One cache behind all servers: what several loops need.</summary>
    public static SimPlan WithSharedCache(SimPlan plan) => plan with
    {
        MapQueue = plan.MapQueue with { WriteCache = WriteCache.Shared },
        Servers = plan.Servers with { HasOwnCache = false },
    };

    public override string ToString() =>
        $"{Paths} paths, {Loops}{VolumeBytes >> 10} KiB, {(IsVolatile ? "volatile" : "durable")}, "
        + (Servers.HasHandlers ? "handlers, " : "")
        + (HasPrivateCaches ? $"own caches, {MapQueue.KeptBytes >> 10} KiB kept, " : "")
        + $"{(BioMode ? "bio" : "mq")}, {(QueueIfNoPath ? "queues" : "fails")} without a path, "
        + $"tags {MapQueue.Depth}/{PathQueue.Depth}, {MapQueue.Scheduler}, "
        + $"timeout {IoTimeoutNs / Ms} ms, guard {StaleWrites}, "
        + $"hedges {Hedges}, "
        + $"{Wire}, "
        + $"service {ServiceNs / 1000} us; {Load}; {Rounds} rounds of {RoundNs / Ms} ms, "
        + $"a fault every {FaultEveryNs / Ms} ms";

    /// <summary>Bytes that one path may have under way.</summary>
    private long MostInFlight => (long)Math.Min(MapQueue.Depth, PathQueue.Depth) * Load.MaxBytes;

    private string Hedges => MapQueue.Hedging is { } hedging
        ? $"p{hedging.Percentile} {hedging.SharePercent} %"
        : "off";

    /// <summary>Half of the maps that can hedge reads do, most of them far too eagerly.</summary>
    private SimPlan DrawHedges()
    {
        LoopRandom random = SimRandom.For(Seed, "hedges");
        if (BioMode || random.Chance(500)) return this;
        return WithHedges(random.Pick(50, 50, 75, 90, 99), random.Pick(5, 50, 100));
    }

    /// <summary>More loops, each with as much memory as one would have.</summary>
    private SimPlan WithChannels()
    {
        LoopRandom random = SimRandom.For(Seed, "channels");
        int channels = random.Pick(1, 1, 1, 2, 2, 3);
        return this with
        {
            Loops = new SimLoops
            {
                Count = channels,
                LinkNs = random.Pick(1, 5, 5, 100) * Ms,
                PoolBytes = channels * PoolBytes,
            },
        };
    }

    private static SimPlan WithCaches(SimPlan plan)
    {
        LoopRandom random = SimRandom.For(plan.Seed, "caches");
        if (!random.Chance(500)) return plan;
        long kept = random.Pick(16L << 10, 96 << 10, 1 << 20, 64 << 20);
        return WithPrivateCaches(
            plan with { MapQueue = plan.MapQueue with { KeptBytes = kept } });
    }

    private static SimServerKind DrawServers(LoopRandom random, bool isVolatile, int align)
    {
        NbdTransmissionFlags flags = NbdTransmissionFlags.HasFlags
            | NbdTransmissionFlags.CanMultiConn;
        // Without a cache there is nothing to flush; it may be had all the same.
        if (isVolatile || random.Chance(300)) flags |= NbdTransmissionFlags.SendFlush;
        if (random.Chance(600)) flags |= NbdTransmissionFlags.SendFua;
        if (random.Chance(700)) flags |= NbdTransmissionFlags.SendTrim;
        if (random.Chance(700)) flags |= NbdTransmissionFlags.SendWriteZeroes;
        bool knowsGo = random.Chance(900);
        bool tells = knowsGo && random.Chance(700);
        return new SimServerKind
        {
            StructuredReplies = random.Chance(700),
            KnowsGo = knowsGo,
            TellsBlockSize = tells,
            MinBlock = tells ? random.Pick(1, 512, align) : 1,
            MaxPayload = tells
                ? random.Pick(64 << 10, 1 << 20, NbdProtocol.MaxPayload)
                : NbdProtocol.MaxPayload,
            CutsAnywhere = random.Chance(150),
            Flags = flags,
        };
    }

    private static QueueOptions DrawQueue(LoopRandom random) => new()
    {
        Depth = random.Pick(1, 2, 4, 8, 16, 32, 64),
        Scheduler = random.Pick(SchedulerKind.None, SchedulerKind.Deadline),
    };
}
