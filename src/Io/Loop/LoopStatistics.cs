// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// What a loop has done since it began. Threads: written by the loop only, without fences; another
/// thread may read a value that is a turn old, which is harmless for a counter.
/// </summary>
public sealed class LoopStatistics
{
    /// <summary>Passes of the loop.</summary>
    public long Turns { get; internal set; }

    /// <summary>System calls made by the loop's thread: waits, receives, sends, wake-ups.</summary>
    public long SystemCalls { get; internal set; }

    /// <summary>Waits that polled instead of sleeping.</summary>
    public long Spins { get; internal set; }

    /// <summary>I/Os begun, as <see cref="IoLoop.IoStarted"/> counted them.</summary>
    public long IosStarted { get; internal set; }
}
