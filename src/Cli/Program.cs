// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Cli;
using Braid.Daemon;
using Braid.Scenario;

var root = new RootCommand("Device-mapper multipath in user space.");
root.Subcommands.Add(DemoCommand.Create());
root.Subcommands.Add(RunCommand.Create());
root.Subcommands.Add(ScenarioCommand.Create());
foreach (Command command in ChangeCommands.Create()) root.Subcommands.Add(command);
foreach (Command command in ShowCommands.Create()) root.Subcommands.Add(command);
foreach (Command command in EventCommands.Create()) root.Subcommands.Add(command);
foreach (Command command in HeldCommands.Create()) root.Subcommands.Add(command);
root.Subcommands.Add(PathCommand.Create());

ParseResult parsed = root.Parse(args);
// The last error is the nearest to the word that is wrong.
if (parsed.Errors.Count > 0) return Fail(ExitStatus.Usage, parsed.Errors[^1].Message);
try
{
    var configuration = new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        // Signals are the commands' own: this library would end a drain after its 2 s.
        ProcessTerminationTimeout = null,
    };
    return await parsed.InvokeAsync(configuration).ConfigureAwait(false);
}
catch (UsageException error)
{
    return Fail(ExitStatus.Usage, error.Message);
}
catch (Exception error) when (error is MapException or ControlException or ScenarioException)
{
    return Fail(ExitStatus.Failed, error.Message);
}
catch (IOException error)
{
    // Of our own output: nothing else gets here without its own sentence.
    return Fail(ExitStatus.Failed, $"cannot write: {error.Message}");
}
catch (OperationCanceledException)
{
    return Fail(ExitStatus.Failed, "interrupted");
}

static int Fail(int status, string message)
{
    try
    {
        Console.Error.WriteLine($"braid: {message.ReplaceLineEndings(" ")}");
    }
    catch (IOException)
    {
        // Nobody can be told; the status says it.
    }
    return status;
}
