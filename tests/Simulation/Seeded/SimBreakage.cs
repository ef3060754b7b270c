// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>What an engine could get wrong.</summary>
internal enum SimMistake
{
    /// <summary>A request that is requeued ends all the same.</summary>
    RequeueEndsTwice,

    /// <summary>A retry leaves out the first byte.</summary>
    RetryDropsByte,

    /// <summary>A flush is acknowledged before what was written before it is durable.</summary>
    FlushPassesWrites,

    /// <summary>Nothing is done about late writes.</summary>
    ShieldOff,

    /// <summary>A path is failed, and the request that it failed with is forgotten.</summary>
    FailPathForgets,

    /// <summary>A reply to an earlier use of a tag is taken for one to this.</summary>
    StaleReplyAccepted,

    /// <summary>A late answer to a hedged read goes where the read's data was to go.</summary>
    LateAnswerLands,

    /// <summary>Private caches are taken for one that all servers share.</summary>
    CachesSaidShared,

    /// <summary>What was kept for a path is forgotten when its server dies.</summary>
    KeptForgotten,

    /// <summary>A daemon that ends forgets what it has kept, and flushes nothing.</summary>
    StopForgets,

    /// <summary>Of a write that one loop has given up the others hear nothing.</summary>
    ShieldNotTold,
}

/// <summary>
/// Breaks the engine on purpose, from outside: between a path's clones and their owner, or in a
/// server that does what a broken client would see. To prove that the checkers find it.
/// </summary>
internal sealed class SimBreakage(SimMistake mistake)
{
    private readonly Dictionary<(SimSession Session, uint Tag), bool> _uses = [];
    private readonly Dictionary<(SimSession Session, ulong Cookie), SimPlace> _places = [];

    /// <summary>Servers say that they have flushed, and have not.</summary>
    public bool DropsFlushes => mistake == SimMistake.FlushPassesWrites;

    /// <summary>The seed's plan, such that the mistake can show.</summary>
    public static SimPlan Plan(ulong seed, SimMistake mistake)
    {
        SimPlan plan = SimPlan.For(seed);
        SimRestart? restart = mistake == SimMistake.StopForgets
            ? new SimRestart(Round: 0, 5 * SimWorld.Second)
            : null;
        bool isOfCaches = mistake is >= SimMistake.CachesSaidShared and <= SimMistake.StopForgets;
        if (isOfCaches) plan = SimPlan.WithPrivateCaches(plan);
        if (mistake == SimMistake.ShieldNotTold) plan = SimPlan.WithSharedCache(plan);
        if (mistake == SimMistake.LateAnswerLands) plan = plan.WithHedges(50, 100);
        bool isOfShield = mistake is SimMistake.ShieldOff or SimMistake.ShieldNotTold;
        return plan with
        {
            BioMode = false,
            Loops = plan.Loops with { Count = mistake == SimMistake.ShieldNotTold ? 2 : 1 },
            Paths = Math.Max(2, plan.Paths),
            // The longer writes may come late, and the more are under way, the sooner it shows.
            IoTimeoutNs = isOfShield
                ? 3 * SimWorld.Second
                : Math.Min(plan.IoTimeoutNs, 500 * SimWorld.Ms),
            ServiceNs = isOfShield ? 10 * SimWorld.Ms : plan.ServiceNs,
            Rounds = restart is null ? 1 : 2,
            Restart = restart,
            RoundNs = Math.Min(plan.RoundNs, 6 * SimWorld.Second),
            Load = plan.Load with
            {
                // Many small I/Os to a few blocks: that is where mistakes meet.
                MaxBytes = Math.Min(plan.Load.MaxBytes, 8 * plan.Load.Align),
                Clients = 2,
                Depth = 8,
                ThinkNs = 8 * SimWorld.Ms,
                Writes = mistake == SimMistake.LateAnswerLands ? 300 : 600,
                Hot = 700,
            },
            FaultEveryNs = Math.Min(plan.FaultEveryNs, SimWorld.Second),
            StaleWrites = mistake == SimMistake.ShieldOff
                ? StaleWriteGuard.Off
                : StaleWriteGuard.Time,
            MapQueue = mistake == SimMistake.CachesSaidShared
                ? plan.MapQueue with { WriteCache = WriteCache.Shared }
                : plan.MapQueue,
        };
    }

    /// <summary>The same without the mistake.</summary>
    public static SimPlan WithoutMistake(SimPlan plan) => plan with
    {
        StaleWrites = StaleWriteGuard.Time,
        MapQueue = plan.MapQueue with
        {
            WriteCache = plan.HasPrivateCaches ? WriteCache.Private : WriteCache.Shared,
        },
    };

    /// <summary>The map is there on all loops, and has no client yet.</summary>
    public void OnMade(SimWorld world)
    {
        if (mistake != SimMistake.ShieldNotTold) return;
        foreach (MappedDevice map in world.Maps) map.Shield!.Peers = null;
    }

    /// <summary>A server has died, and its cache with it.</summary>
    public void OnCacheLost(SimWorld world)
    {
        if (mistake == SimMistake.KeptForgotten)
            world.Caches?.Kept.Drop(0, long.MaxValue);
    }

    /// <summary>The daemon is told to end.</summary>
    public void OnStop(SimWorld world)
    {
        if (mistake == SimMistake.StopForgets)
            world.Caches?.Kept.Drop(0, long.MaxValue);
    }

    /// <summary>A server has got a request, which is a clone in flight on its path.</summary>
    public void OnRequest(SimSession session, NbdRequest wire)
    {
        uint tag = (uint)wire.Cookie;
        if (mistake == SimMistake.StaleReplyAccepted)
        {
            // The first use of a tag is as it should be; who uses it again gets an answer at once.
            if (wire.Command == NbdCommand.Write && !_uses.TryAdd((session, tag), true))
                session.AnswerAtOnce(wire);
            return;
        }
        SimWorld world = session.Server.World;
        PathDevice? path =
            world.Stack.Paths.All.FirstOrDefault(path => path.Name == session.Server.Name);
        if (path is null || tag >= path.Queue.Tags.Depth) return;
        Request clone = path.Queue.Tags[(int)tag];
        if (mistake == SimMistake.LateAnswerLands)
        {
            if (wire.Command == NbdCommand.Read)
                _places[(session, wire.Cookie)] = new SimPlace(clone);
            return;
        }
        if (clone.CloneOwner is { } owner and not BrokenOwner)
            clone.CloneOwner = new BrokenOwner(mistake, owner);
    }

    /// <summary>A server answers.</summary>
    public void OnReply(SimSession session, SimRequest request)
    {
        if (_places.Remove((session, request.Wire.Cookie), out SimPlace? place))
            place.Land(request.Data);
    }

    /// <summary>Stands between a clone that ends and the mapper.</summary>
    private sealed class BrokenOwner(SimMistake mistake, ICloneOwner owner) : ICloneOwner
    {
        public void EndClone(Request clone, BlockStatus status, long done)
        {
            bool fails = status.IsPathError();
            switch (mistake)
            {
                case SimMistake.FailPathForgets when fails:
                    return;
                case SimMistake.RequeueEndsTwice when fails && clone.FirstBio is { } bio:
                    bio.Owner.EndBio(bio);
                    break;
                case SimMistake.RetryDropsByte when fails && done == 0 && clone.Length > 1:
                    done = 1;
                    break;
                default:
                    break;
            }
            owner.EndClone(clone, status, done);
        }
    }
}
