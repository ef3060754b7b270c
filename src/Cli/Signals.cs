// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Cli;

/// <summary>
/// The signals of a program in the foreground: INT, TERM and HUP, when its terminal goes, end it;
/// USR1 has it report. Keep it alive: a registration that is collected loses its signal.
/// </summary>
internal sealed class Signals : IDisposable
{
    /// <summary>Raw number of SIGUSR1 on Linux.</summary>
    private const PosixSignal Usr1 = (PosixSignal)10;

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <param name="report">Called for each SIGUSR1, on a thread of the pool.</param>
    public Signals(Action report)
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop),
            PosixSignalRegistration.Create(Usr1, context =>
            {
                context.Cancel = true;
                report();
            }),
        ];
    }

    /// <summary>Cancelled by the first INT, TERM or HUP.</summary>
    public CancellationToken Stopping => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        // The second one is meant: let it kill.
        if (_stop.IsCancellationRequested) return;
        context.Cancel = true;
        _stop.Cancel();
    }
}
