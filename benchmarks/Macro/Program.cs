// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Braid.Bench.Macro;

using var stop = new CancellationTokenSource();
PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
// Rooted until the end: a collected registration loses its signal, and with it the cleaning up.
PosixSignalRegistration[] registrations =
    [.. signals.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];

var root = new Command("./bench", "Braid's benchmarks.")
{
    NbdCommand.Create(), FileCommand.Create(), MergeCommand.Create(), HedgeCommand.Create(),
    RateCommand.Create(), FairnessCommand.Create(), GoalCommand.Create(),
};
root.Options.Add(new HelpOption { Recursive = true });
int status = await root.Parse(args).InvokeAsync(
    new InvocationConfiguration { ProcessTerminationTimeout = null }, stop.Token);
foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
return status;

void OnSignal(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
