// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Bench.Macro;

/// <summary>
/// A multipath map in this process over NBD paths to a real server, in one queue mode. Its methods
/// are for the loop's thread.
/// </summary>
internal sealed class MergeMap : IMapObserver, IPathObserver, IDeviceResolver, IDisposable
{
    private const int MapDepth = 1024;

    private readonly List<NbdDevice> _paths = [];
    private readonly IoLoop _loop;
    private readonly string _mode;
    private readonly TaskCompletionSource _ready =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MergeMap(IoLoop loop, INetwork network, string mode, int depth, string[] uris)
    {
        _loop = loop;
        _mode = mode;
        var options = new QueueOptions { Depth = depth };
        for (int i = 0; i < uris.Length; i++)
        {
            var path = new NbdDevice(
                loop, network, $"p{i}", NbdUri.Parse(uris[i]), options, new NbdSettings());
            path.Observer = this;
            _paths.Add(path);
        }
    }

    /// <summary>Done when all paths are connected and the map is made.</summary>
    public Task Ready => _ready.Task;

    public MappedDevice? Device { get; private set; }

    public IReadOnlyList<NbdDevice> Paths => _paths;

    public void Start()
    {
        foreach (NbdDevice path in _paths) path.Start();
    }

    public void OnPathState(PathDevice path, PathState state, string reason)
    {
        if (state != PathState.Up)
        {
            _ready.TrySetException(new BenchException($"path {path.Name}: {reason}"));
            return;
        }
        if (Device is null && _paths.TrueForAll(one => one.State == PathState.Up)) Make();
    }

    public BlockDevice Find(string name) => _paths.First(path => path.Name == name);

    public void OnLog(MappedDevice map, string text)
    {
        // A path that fails shows as an error of the run.
    }

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths)
    {
        // The same.
    }

    public void Dispose()
    {
        foreach (NbdDevice path in _paths)
        {
            path.Observer = null;
            path.Stop();
            path.Dispose();
        }
    }

    private void Make()
    {
        string paths = string.Join(' ', _paths.Select(path => path.Name));
        string table = $"0 {_paths[0].SizeBytes / Table.SectorSize} multipath 2 queue_mode {_mode} "
            + $"0 1 1 round-robin 0 {_paths.Count} 0 {paths}";
        var parser = new TableParser([new MultipathType()], this);
        // Merging as the kernel does it: deadline, and no cap but the paths' limits.
        var options = new QueueOptions { Depth = MapDepth, Scheduler = SchedulerKind.Deadline };
        Device = MappedDevice.Create(
            _loop, "bench", host => parser.Parse(table, host), options, this);
        _ready.TrySetResult();
    }
}
