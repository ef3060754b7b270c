// SPDX-License-Identifier: Apache-2.0
using Braid.Transports.Memory;
using Braid.Wire.Nbd;

namespace Braid.Daemon;

/// <summary>
/// The stores that paths to memory lead to, by name: one in the process for each. Threads: any
/// thread asks; it is not on the way of an I/O. What overlaps and is under way on several loops at
/// the same time may be mixed byte by byte, as on any storage.
/// </summary>
public sealed class MemoryStores : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MemoryStore> _stores = new(StringComparer.Ordinal);

    /// <summary>The store of a URI, made for the first that names it with a size.</summary>
    /// <exception cref="UriException">It has another size, or none yet.</exception>
    /// <exception cref="MapException">The machine does not give it its memory.</exception>
    public MemoryStore Get(MemoryPathUri uri)
    {
        lock (_lock)
        {
            if (!_stores.TryGetValue(uri.Name, out MemoryStore? store)) return Add(uri);
            if (uri.SizeBytes == 0 || uri.SizeBytes == store.SizeBytes) return store;
            throw new UriException($"mem:{uri.Name}: has {store.SizeBytes} bytes already");
        }
    }

    public void Dispose()
    {
        foreach (MemoryStore store in _stores.Values) store.Dispose();
    }

    private MemoryStore Add(MemoryPathUri uri)
    {
        if (uri.SizeBytes == 0)
            throw new UriException($"mem:{uri.Name}: the first path to it must say ?size=SIZE");
        try
        {
            return _stores[uri.Name] = new MemoryStore(uri.Name, uri.SizeBytes);
        }
        catch (OutOfMemoryException)
        {
            throw new MapException(
                $"mem:{uri.Name}: the machine does not give {uri.SizeBytes} bytes of memory");
        }
    }
}
