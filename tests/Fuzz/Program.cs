// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Xunit.Runner.InProc.SystemConsole;

namespace Braid.Tests.Fuzz;

/// <summary>`fuzz ...` is the command behind ./fuzz; anything else runs the tests.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        // A broken invariant is a failure of its input, like any exception that is not declared.
        Invariant.Handler = static what => new InvariantException(what);
        return args is ["fuzz", .. string[] rest]
            ? await FuzzCommand.RunAsync(rest)
            : await ConsoleRunner.Run(args);
    }
}

/// <summary>What a broken invariant throws here, instead of stopping the process.</summary>
internal sealed class InvariantException(string what) : Exception(what);
