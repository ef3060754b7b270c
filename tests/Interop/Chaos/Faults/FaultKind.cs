// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

internal enum FaultKind
{
    /// <summary>SIGKILL, and started again.</summary>
    Kill,

    /// <summary>SIGSTOP for less than the I/O timeout.</summary>
    ShortPause,

    /// <summary>SIGSTOP for longer than it.</summary>
    LongPause,

    /// <summary>The link drops everything, without a word.</summary>
    Cut,

    /// <summary>A link with delay, or a server that is stopped most of the time.</summary>
    Slow,

    /// <summary>The connection is reset, and new ones refused.</summary>
    Reset,

    /// <summary>A server that accepts and never says a word.</summary>
    Mute,

    /// <summary>A server that shakes hands and answers no command.</summary>
    Deaf,

    /// <summary>A server that answers a probe, and no other command.</summary>
    Trap,

    /// <summary>All paths but one are killed and started again at once.</summary>
    Restarts,

    /// <summary>No path is left for a while.</summary>
    AllDown,
}
