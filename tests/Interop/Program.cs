// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Chaos;
using Xunit.Runner.InProc.SystemConsole;

namespace Braid.Tests.Interop;

/// <summary>`chaos ...` is the command behind ./chaos; anything else runs the tests.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args is ["chaos", .. string[] rest]
        ? ChaosCommand.RunAsync(rest)
        : ConsoleRunner.Run(args);
}
