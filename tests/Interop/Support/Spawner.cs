// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Diagnostics;

namespace Braid.Tests.Interop.Support;

/// <summary>
/// Starts all processes, on one thread that never ends. Each asks to be killed when its parent is
/// gone (PR_SET_PDEATHSIG), and for the kernel the parent is the thread that forked: so nothing
/// outlives the tests, not even when they are killed themselves.
/// </summary>
internal static class Spawner
{
    private const string SetPriv = "/usr/bin/setpriv";

    private static readonly BlockingCollection<(ProcessStartInfo Info, Started Done)> Queue = [];

    static Spawner()
    {
        var thread = new Thread(Run) { Name = "spawner", IsBackground = true };
        thread.Start();
    }

    /// <summary>Starts a program; fails as <see cref="Process.Start()"/> does.</summary>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">For it.</param>
    /// <param name="folder">Where it may keep sockets: its XDG_RUNTIME_DIR.</param>
    public static Task<Process> StartAsync(
        string program, IEnumerable<string> arguments, string folder)
    {
        string[] words = File.Exists(SetPriv)
            ? [SetPriv, "--pdeathsig", "KILL", "--", program, .. arguments]
            : [program, .. arguments];
        var info = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["XDG_RUNTIME_DIR"] = folder;
        info.Environment.Remove("BRAID_CONTROL");
        var done = new Started(TaskCreationOptions.RunContinuationsAsynchronously);
        Queue.Add((info, done));
        return done.Task;
    }

    private static void Run()
    {
        foreach ((ProcessStartInfo info, Started done) in Queue.GetConsumingEnumerable())
        {
            try
            {
                done.SetResult(Process.Start(info)!);
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        }
    }

    private sealed class Started(TaskCreationOptions options)
        : TaskCompletionSource<Process>(options);
}
