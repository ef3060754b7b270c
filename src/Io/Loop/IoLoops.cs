// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>Where the machine's loops are made, and their backend is chosen.</summary>
public static class IoLoops
{
    /// <summary>The environment variable that names the backend where nobody else does.</summary>
    public const string Variable = "BRAID_IO";

    /// <summary>Words for the backends, in the order of <see cref="IoBackend"/>.</summary>
    public static readonly string[] Words = ["epoll", "io_uring", "auto"];

    /// <summary>
    /// The word of the variable, or epoll: docs/PERFORMANCE.md says where the other pays.
    /// </summary>
    public static string DefaultWord =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } word ? word : Words[0];

    /// <summary>Makes a loop on the default backend.</summary>
    /// <exception cref="IOException">The variable has no such word, or as below.</exception>
    public static IoLoop Start(string name)
    {
        int backend = Array.IndexOf(Words, DefaultWord);
        if (backend < 0) throw new IOException($"{Variable}: '{DefaultWord}' is no backend");
        return Start(name, (IoBackend)backend, static _ => { });
    }

    /// <summary>Makes a loop and starts its thread; whoever asks disposes it.</summary>
    /// <param name="name">Of the thread; ps shows 15 characters of it.</param>
    /// <param name="backend">Which kind.</param>
    /// <param name="log">Takes a line about a backend that could not be had.</param>
    /// <exception cref="IOException">The machine does not allow the backend.</exception>
    public static IoLoop Start(string name, IoBackend backend, Action<string> log)
    {
        if (backend == IoBackend.Epoll) return new EpollLoop(name);
        try
        {
            return new UringLoop(name, new UringRing());
        }
        catch (ErrnoException error) when (backend == IoBackend.Auto)
        {
            log($"no io_uring on this machine, epoll instead: {error.Message}");
            return new EpollLoop(name);
        }
    }
}
