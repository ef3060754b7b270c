// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Xunit.Runner.InProc.SystemConsole;

namespace Braid.Tests.Simulation;

/// <summary>`sim ...` is the command behind ./sim; anything else runs the tests.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        // A broken invariant is a failure of its seed, like anything else that a checker finds.
        Invariant.Handler = static what => new InvariantException(what);
        return args is ["sim", .. string[] rest]
            ? await SimCommand.RunAsync(rest)
            : await ConsoleRunner.Run(args);
    }
}

/// <summary>What a broken invariant throws here, instead of stopping the process.</summary>
internal sealed class InvariantException(string what) : Exception($"invariant broken: {what}");
