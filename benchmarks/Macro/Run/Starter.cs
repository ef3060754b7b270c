// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Diagnostics;

namespace Braid.Bench.Macro;

/// <summary>
/// Starts all processes on one thread that never ends. nbdkit asks to be ended with its parent
/// (PR_SET_PDEATHSIG), and for the kernel that is the thread that forked: one of the thread pool
/// goes after some idle seconds, and would take the server with it in the middle of a run.
/// </summary>
internal static class Starter
{
    private static readonly BlockingCollection<Action> Queue = [];

    static Starter() =>
        new Thread(static () =>
        {
            foreach (Action start in Queue.GetConsumingEnumerable()) start();
        })
        {
            Name = "starter",
            IsBackground = true,
        }.Start();

    /// <summary>Starts a process; fails as <see cref="Process.Start()"/> does.</summary>
    public static Process Start(ProcessStartInfo info)
    {
        var done = new TaskCompletionSource<Process>();
        Queue.Add(() =>
        {
            try
            {
                done.SetResult(Process.Start(info)!);
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }
}
