// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Io;

namespace Braid.Multipath;

/// <summary>
/// A path for each CPU: I/O goes to the path of the CPU it is given from
/// (drivers/md/dm-ps-io-affinity.c). The CPU is the loop's.
/// </summary>
internal sealed class IoAffinity : IPathSelector
{
    private readonly IoLoop _loop;
    private readonly Action<string> _log;
    private readonly AffinityPath?[] _pathOfCpu;

    /// <summary>I/Os from CPUs that no path has.</summary>
    private long _mapMisses;

    public IoAffinity(IoLoop loop, Action<string> log)
    {
        _loop = loop;
        _log = log;
        _pathOfCpu = new AffinityPath?[loop.CpuCount];
    }

    public string Name => "io-affinity";

    public void AddPath(PgPath path, IReadOnlyList<string> arguments)
    {
        if (arguments.Count != 1) throw new SelectorException("invalid number of arguments");
        if (!CpuMask.TryParse(arguments[0], _pathOfCpu.Length, out CpuMask? mask))
            throw new SelectorException("invalid cpumask");
        var selection = new AffinityPath(path, mask);
        path.Selection = selection;
        bool any = false;
        foreach (int cpu in mask.Cpus)
        {
            if (_pathOfCpu[cpu] is not null)
            {
                _log($"{Name}: CPU mapping for {cpu} exists. Ignoring.");
                continue;
            }
            _pathOfCpu[cpu] = selection;
            any = true;
        }
        if (!any) throw new SelectorException("No new/valid CPU mapping found");
    }

    public void FailPath(PgPath path) => Of(path).IsFailed = true;

    public void ReinstatePath(PgPath path) => Of(path).IsFailed = false;

    public PgPath? SelectPath(long bytes)
    {
        AffinityPath? own = _pathOfCpu[_loop.Cpu];
        if (own is { IsFailed: false }) return own.Path;
        if (own is null) _mapMisses++;
        // In the order of the CPUs, not of the table.
        foreach (AffinityPath? other in _pathOfCpu)
            if (other is { IsFailed: false }) return other.Path;
        return null;
    }

    public void StartIo(PgPath path, long bytes)
    {
        // Nothing is counted.
    }

    public void EndIo(PgPath path, long bytes, long startNs)
    {
        // The same.
    }

    public int WordsPerPath(StatusKind kind) => 1;

    public void AppendStatus(StringBuilder text, StatusKind kind) => text.Append("0 ");

    public void AppendStatus(StringBuilder text, StatusKind kind, PgPath path)
    {
        if (kind == StatusKind.Info) text.Append(_mapMisses);
        else text.Append(Of(path).Mask);
        text.Append(' ');
    }

    private static AffinityPath Of(PgPath path) => (AffinityPath)path.Selection;

    private sealed class AffinityPath(PgPath path, CpuMask mask) : SelectorPath(path)
    {
        public CpuMask Mask => mask;

        public bool IsFailed { get; set; }
    }
}
