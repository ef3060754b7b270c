// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Multipath;

namespace Braid.Bench.Micro;

/// <summary>
/// One engine and its clients, in virtual time on one thread: a burst of bios is submitted in a
/// turn, goes down to the null paths at its end, and comes up when the paths complete.
/// </summary>
internal sealed unsafe class EngineLoad : IBioOwner
{
    /// <summary>
    /// Bios of a <see cref="Run"/>, whole bursts of either size: some milliseconds, beside which
    /// the start and the end of several threads are little.
    /// </summary>
    public const int BiosPerRun = 32768;

    public const long DeviceBytes = 1L << 30;

    private const int BioBytes = 4096;

    /// <summary>In flight at the same time, as in the cells of the goals.</summary>
    public const int Burst = 32;

    /// <summary>Larger, so that one failure of the path is little beside its requests.</summary>
    private const int FailoverBurst = 1024;

    /// <summary>Virtual time that a burst takes.</summary>
    private const long BurstNs = 10_000;

    private readonly SimulatedLoop _loop;
    private readonly EngineMap _map;
    private readonly Bio[] _bios;
    private readonly PgPath? _failing;

    /// <summary>Makes the engine on the thread that will run it.</summary>
    public EngineLoad(EngineCase its)
    {
        _loop = new SimulatedLoop(1);
        _map = new EngineMap(_loop, its);
        bool fails = its.Stream == EngineStream.Failover;
        if (fails) _failing = _map.Target.Groups[0].Paths[0];
        _bios = new Bio[fails ? FailoverBurst : Burst];
        byte[] memory = GC.AllocateArray<byte>(BioBytes, pinned: true);
        fixed (byte* data = memory)
        {
            for (int i = 0; i < _bios.Length; i++) _bios[i] = CreateBio(its.Stream, i, data);
        }
    }

    /// <summary>Bios that have ended well; all others are a mistake of the benchmark.</summary>
    public long Ended { get; private set; }

    /// <summary>Requests that the paths have completed.</summary>
    public long Requests => _map.Paths.Sum(path => path.Statistics.Reads);

    /// <summary>Requests that were mapped again.</summary>
    public long Requeues => _map.Device.Statistics.Requeues;

    /// <summary>Sends <see cref="BiosPerRun"/> bios, burst by burst.</summary>
    public void Run()
    {
        for (int left = BiosPerRun; left > 0; left -= _bios.Length) RunBurst();
    }

    public void EndBio(Bio bio)
    {
        if (bio.Status != BlockStatus.Ok) throw new BenchException($"an I/O ended {bio.Status}");
        Ended++;
    }

    private Bio CreateBio(EngineStream stream, int index, byte* data) => new(this)
    {
        Operation = BlockOperation.Read,
        Length = BioBytes,
        Data = data,
        // A gap between any two, and no order.
        Offset = stream == EngineStream.Neighbours
            ? (long)index * BioBytes
            : (index * 7919L % 4096) * (2 * BioBytes),
    };

    private void RunBurst()
    {
        foreach (Bio bio in _bios) _map.Device.Submit(bio);
        _loop.RunFor(BurstNs);
        if (_failing is not null) FailOver(_failing);
        _map.Storage.CompleteAll();
    }

    /// <summary>What the path has comes back, and goes out on the other one.</summary>
    private void FailOver(PgPath path)
    {
        _map.Storage.FailAll(_map.Paths[0]);
        _loop.RunFor(BurstNs);
        _map.Target.ReinstatePath(path);
    }
}
