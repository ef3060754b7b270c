// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>How a write goes to a path that may have a cache of its own.</summary>
internal enum CacheMode : byte
{
    /// <summary>It is kept when it has ended; room for it is reserved.</summary>
    Keep,

    /// <summary>It is kept already: a replay.</summary>
    Replay,

    /// <summary>It is durable when it ends: FUA, or there is no cache.</summary>
    Durable,

    /// <summary>There is no FUA: a flush of the path comes before its end.</summary>
    FlushAfter,
}
