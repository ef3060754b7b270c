// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Micro;

/// <summary>
/// A further engine on a thread of its own. Threads: two counters, of runs asked for and of runs
/// done, each written by one side only; both sides spin, as runs are short.
/// </summary>
internal sealed class EngineThread : IDisposable
{
    private const int SpinTurns = 20;

    private readonly EngineCase _case;
    private readonly Thread _thread;
    private int _asked;
    private int _done;
    private volatile bool _isStopping;

    public EngineThread(EngineCase its)
    {
        _case = its;
        _thread = new Thread(Run) { Name = "engine", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Asks for a run.</summary>
    public void Begin() => Volatile.Write(ref _asked, _asked + 1);

    /// <summary>Waits until the run is over.</summary>
    public void End()
    {
        while (Volatile.Read(ref _done) != _asked) Thread.SpinWait(SpinTurns);
    }

    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
    }

    private void Run()
    {
        var load = new EngineLoad(_case);
        while (!_isStopping)
        {
            if (Volatile.Read(ref _asked) == _done)
            {
                Thread.SpinWait(SpinTurns);
                continue;
            }
            load.Run();
            Volatile.Write(ref _done, _done + 1);
        }
    }
}
