// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Whose the volatile caches behind the paths of a map are (write_cache).</summary>
public enum WriteCache
{
    /// <summary>One behind all paths, as the kernel has it: a flush on any covers all.</summary>
    Shared,

    /// <summary>
    /// Each path's server may have one of its own. Reads agree through every path; what was written
    /// through a server and not flushed through it is lost with it.
    /// </summary>
    Private,
}
