// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.CommandLine.Help;
using Braid.Bench;
using Braid.Bench.Micro;

var root = new Command("./bench", "Braid's benchmarks.") { EngineCommand.Create() };
root.Options.Add(new HelpOption { Recursive = true });
try
{
    return root.Parse(args).Invoke(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (BenchException exception)
{
    Console.Error.WriteLine($"bench: {exception.Message}");
    return 1;
}
