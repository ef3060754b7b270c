// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.File;
using Braid.Transports.Memory;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Daemon;

/// <summary>Makes the devices of paths, and owns the file workers that they share.</summary>
public sealed class PathFactory : IDisposable
{
    /// <summary>File operations at the same time, of all paths.</summary>
    private const int FileThreads = 8;

    /// <summary>File jobs that may be queued: 64 paths with all their tags.</summary>
    private const int FileJobs = 64 * 1024;

    private readonly IoLoop _loop;
    private readonly INetwork _network;
    private readonly NbdSettings _nbd;
    private readonly QueueOptions _options;
    private readonly MemoryStores _stores;
    private FileWorkers? _workers;

    /// <param name="loop">The loop of all paths.</param>
    /// <param name="network">For the paths that need one.</param>
    /// <param name="nbd">Times of NBD paths.</param>
    /// <param name="options">Of the paths' queues.</param>
    /// <param name="stores">Of paths to memory; not owned.</param>
    public PathFactory(
        IoLoop loop, INetwork network, NbdSettings nbd, QueueOptions options, MemoryStores stores)
    {
        _loop = loop;
        _network = network;
        _nbd = nbd;
        _options = options;
        _stores = stores;
    }

    /// <summary>Makes a path that has not been started yet.</summary>
    /// <exception cref="UriException">It cannot be what the URI says.</exception>
    /// <exception cref="MapException">The machine does not give it its memory.</exception>
    public PathDevice Create(string name, PathUri uri)
    {
        switch (uri)
        {
            case NbdPathUri nbd:
                return new NbdDevice(_loop, _network, name, nbd.Nbd, _options, _nbd);
            case FilePathUri file:
                _workers ??= new FileWorkers(FileThreads, FileJobs);
                string path = Path.GetFullPath(file.Path);
                return new FileDevice(_loop, _workers, name, path, file.Direct, _options);
            case MemoryPathUri memory:
                return new MemoryDevice(_loop, name, _stores.Get(memory), _options);
            default:
                throw new UriException($"{uri}: no transport for it");
        }
    }

    public void Dispose() => _workers?.Dispose();
}
