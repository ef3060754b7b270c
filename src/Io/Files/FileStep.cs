// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>The system call that a <see cref="FileJob"/> needs next.</summary>
internal enum FileStep : byte
{
    /// <summary>preadv2.</summary>
    Read,

    /// <summary>pwritev2.</summary>
    Write,

    /// <summary>fdatasync.</summary>
    Sync,

    /// <summary>fallocate with FALLOC_FL_PUNCH_HOLE.</summary>
    PunchHole,

    /// <summary>fallocate with FALLOC_FL_ZERO_RANGE.</summary>
    ZeroRange,
}
