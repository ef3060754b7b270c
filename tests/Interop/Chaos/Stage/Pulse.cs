// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// How long this machine lets nobody run: a thread that wants to wake every few milliseconds. A
/// stall that is no longer than that says nothing about Braid.
/// </summary>
internal sealed class Pulse : IDisposable
{
    private const int IntervalMs = 4;

    private readonly Thread _thread;
    private volatile bool _stop;

    public Pulse()
    {
        _thread = new Thread(Beat) { IsBackground = true, Name = "pulse" };
        _thread.Start();
    }

    /// <summary>The longest time that it overslept. Threads: its own writes.</summary>
    public TimeSpan Longest { get; private set; }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
    }

    private void Beat()
    {
        while (!_stop)
        {
            TimeSpan began = ChaosClock.Now;
            Thread.Sleep(IntervalMs);
            TimeSpan late = ChaosClock.Now - began - TimeSpan.FromMilliseconds(IntervalMs);
            if (late > Longest) Longest = late;
        }
    }
}
