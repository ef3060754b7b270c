// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// Carries work from one of several loops to another. What one loop sends to another arrives in
/// the order in which it was sent. It allocates: for what happens now and then, never for an I/O.
/// Threads: each loop posts as itself, from its own thread.
/// </summary>
public interface ILoopLinks
{
    /// <summary>Loops, at least 1; they are numbered from 0.</summary>
    int Count { get; }

    /// <summary>Has the action run on another loop, or on the same in a later turn.</summary>
    /// <param name="from">The loop that is running.</param>
    /// <param name="to">The loop that is to run it.</param>
    /// <param name="action">What to do there.</param>
    void Post(int from, int to, Action action);
}
