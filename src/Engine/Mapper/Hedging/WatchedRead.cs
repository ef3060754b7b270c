// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// A read of the map that is under way and may be hedged. One for each tag, linked by tags in the
/// list of its path.
/// </summary>
internal struct WatchedRead
{
    /// <summary>Its clone on the first path; null while the tag has nothing to watch.</summary>
    public Request? Clone;

    public HedgePath? Path;

    /// <summary>When it was sent there, on the loop's clock.</summary>
    public long SentNs;

    /// <summary>It waits in the list of its path: it has not been due.</summary>
    public bool IsListed;

    public int Next;

    public int Previous;

    /// <summary>Its second clone, while that is out.</summary>
    public Hedge? Hedge;
}
