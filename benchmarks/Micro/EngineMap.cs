// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;

namespace Braid.Bench.Micro;

/// <summary>A multipath map over null paths, with the queue that `braid run` gives a map.</summary>
internal sealed class EngineMap : IMapObserver, IDeviceResolver
{
    private const int MapDepth = 1024;
    private const int CpuGroupBits = 32;

    private readonly NullPath[] _paths;

    public EngineMap(SimulatedLoop loop, EngineCase its)
    {
        // io-affinity wants a CPU for each path.
        loop.CpusSimulated = its.Paths;
        loop.RunsOn = its.Paths - 1;
        var options = new QueueOptions
        {
            Depth = MapDepth, CapMerges = true, TakesTurns = true,
        };
        _paths =
        [
            .. Enumerable.Range(0, its.Paths).Select(i =>
                new NullPath(loop, $"p{i}", Storage, options)),
        ];
        var parser = new TableParser([new MultipathType()], this);
        Device = MappedDevice.Create(
            loop, "engine", host => parser.Parse(TableOf(its), host), options, this);
    }

    public MappedDevice Device { get; }

    public NullStorage Storage { get; } = new(MapDepth);

    public IReadOnlyList<NullPath> Paths => _paths;

    public MultipathTarget Target => (MultipathTarget)Device.Table!.Entries[0].Target;

    public BlockDevice Find(string name) => _paths.First(path => path.Name == name);

    public void OnLog(MappedDevice map, string text)
    {
        // Paths fail when they are told to.
    }

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths)
    {
        // The same.
    }

    private static string TableOf(EngineCase its)
    {
        bool isAffine = its.Selector == "io-affinity";
        IEnumerable<string> paths = Enumerable.Range(0, its.Paths)
            .Select(i => isAffine ? $"p{i} {CpuMask(i)}" : $"p{i}");
        return string.Create(CultureInfo.InvariantCulture,
            $"0 {EngineLoad.DeviceBytes / Table.SectorSize} multipath 2 queue_mode {its.QueueMode} "
            + $"0 1 1 {its.Selector} 0 {its.Paths} {(isAffine ? 1 : 0)} ")
            + string.Join(' ', paths);
    }

    /// <summary>One CPU, as the kernel prints a mask: groups of 32 bits.</summary>
    private static string CpuMask(int cpu)
    {
        string first = (1u << (cpu % CpuGroupBits)).ToString("x", CultureInfo.InvariantCulture);
        return first + string.Concat(Enumerable.Repeat(",00000000", cpu / CpuGroupBits));
    }
}
