// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Braid.Bench.Macro;

/// <summary>
/// Makes a server slow at times: it is stopped for some milliseconds, again and again, as by a
/// collection of garbage, a disk that retries, or a neighbour. On a thread of its own; goes on with
/// the server running when disposed of.
/// </summary>
internal sealed class Pauses : IDisposable
{
    private readonly ChildProcess _server;
    private readonly TimeSpan _length;
    private readonly TimeSpan _every;
    private readonly ManualResetEventSlim _isOver = new();
    private readonly Thread _thread;

    /// <param name="server">Whom to stop.</param>
    /// <param name="length">For how long.</param>
    /// <param name="every">From one stop to the next.</param>
    public Pauses(ChildProcess server, TimeSpan length, TimeSpan every)
    {
        _server = server;
        _length = length;
        _every = every;
        _thread = new Thread(Run) { Name = "pauses", IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _isOver.Set();
        _thread.Join();
        _isOver.Dispose();
    }

    private void Run()
    {
        var clock = Stopwatch.StartNew();
        for (int i = 1; !_isOver.Wait(Until(clock, i)); i++)
        {
            _server.Signal(Libc.SigStop);
            _isOver.Wait(_length);
            _server.Signal(Libc.SigCont);
        }
    }

    /// <summary>By the clock: what one pause takes longer the next wait is shorter.</summary>
    private TimeSpan Until(Stopwatch clock, int count)
    {
        TimeSpan left = (_every * count) - clock.Elapsed;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
