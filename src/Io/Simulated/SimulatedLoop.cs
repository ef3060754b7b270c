// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// A loop in virtual time: the caller's thread runs it, nothing waits, and one seed gives one run.
/// Everything that waits is a timer of this loop, the network's deliveries too.
/// </summary>
public sealed class SimulatedLoop : IoLoop
{
    /// <summary>Time begins here: 0 means "never" to some counters.</summary>
    private const long StartNs = 1_000_000_000;

    private readonly int _thread = Environment.CurrentManagedThreadId;
    private int _streams;

    public SimulatedLoop(ulong seed)
        : base(seed) => NowNs = StartNs;

    public override bool IsCurrent => Environment.CurrentManagedThreadId == _thread;

    public override int Cpu => RunsOn;

    public override int CpuCount => CpusSimulated;

    /// <summary>The CPU that I/O is given from, for selectors that look.</summary>
    public int RunsOn { get; set; }

    public int CpusSimulated { get; set; } = 1;

    public override StreamSocket Adopt(Connection connection, IStreamHandler handler) =>
        new SimulatedStream(this, (SimulatedConnection)connection, handler);

    /// <summary>Runs for that long of virtual time.</summary>
    public void RunFor(long ns)
    {
        long end = NowNs + ns;
        _ = RunUntil(() => false, ns);
        NowNs = end;
    }

    /// <summary>
    /// Runs until the condition holds, asked after each turn. False when it did not within
    /// <paramref name="withinNs"/> of virtual time, or when nothing is left to happen.
    /// </summary>
    public bool RunUntil(Func<bool> condition, long withinNs)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        // Continuations of handshakes run inline, in order, only without a context.
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            long end = NowNs + withinNs;
            while (!condition())
                if (!Turn(end)) return false;
            return true;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    /// <summary>Time passes in which it does not run, as when its process is stopped.</summary>
    public void StandStill(long ns) => NowNs += ns;

    protected override void Wake()
    {
        // It is never asleep: messages are seen at the next turn.
    }

    protected override void Dispose(bool disposing)
    {
        // Owns nothing but memory.
    }

    /// <summary>Number of the next stream: what tells its kind, without a draw.</summary>
    internal int CountStream() => _streams++;

    private bool Turn(long endNs)
    {
        if (!HasMessages && !HasTasks)
        {
            long next = Timers.NextDueNs;
            if (next > endNs) return false;
            NowNs = Math.Max(NowNs, next);
        }
        Spin.EndTurn(RunTurn());
        return true;
    }
}
