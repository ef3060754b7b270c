// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// A client of the map's export: draws I/Os, sends them through a real connection, and has every
/// end of one checked.
/// </summary>
internal sealed class SimClient : IBioOwner, IDisposable
{
    /// <summary>It never gives up: whatever the map holds back, it waits for.</summary>
    private const long PatienceNs = 3_600_000_000_000;

    /// <summary>A timer is not to outlive the house.</summary>
    private const long MaxThinkNs = 60_000_000_000;

    private readonly SimWorld _world;
    private readonly SimLoadPlan _plan;
    private readonly LoopRandom _random;
    private readonly SimIo[] _ios;
    private long _position;
    private bool _isRunning;
    private int _losses;

    public SimClient(SimWorld world, string name, string uri)
    {
        _world = world;
        _plan = world.Plan.Load;
        _random = SimRandom.For(world.Plan.Seed, name);
        Name = name;
        Device = new NbdDevice(
            world.Loop, world.Network, name, NbdUri.Parse(uri),
            new QueueOptions { Depth = Math.Max(8, _plan.Depth) },
            new NbdSettings
            {
                IoTimeoutNs = PatienceNs,
                ReconnectDelayMaxNs = 1_000_000_000,
                StaleWrites = StaleWriteGuard.Off,
            });
        Device.Observer = new LossCounter(this);
        _ios = new SimIo[_plan.Depth];
        int memory = Math.Max(_plan.MaxBytes, SimWorld.VerifyBytes);
        for (int i = 0; i < _ios.Length; i++) _ios[i] = new SimIo(this, i, memory);
    }

    public string Name { get; }

    public NbdDevice Device { get; }

    public long Done { get; private set; }

    public long Failed { get; private set; }

    public bool IsIdle => Array.TrueForAll(_ios, io => !io.IsInFlight);

    /// <summary>I/Os that have not ended, the oldest first.</summary>
    public IEnumerable<SimIo> InFlight =>
        _ios.Where(io => io.IsInFlight).OrderBy(io => io.Start);

    /// <summary>Goes on until <see cref="Pause"/>.</summary>
    public void Run()
    {
        _isRunning = true;
        foreach (SimIo io in _ios) Next(io);
    }

    /// <summary>Begins no more I/Os.</summary>
    public void Pause() => _isRunning = false;

    /// <summary>Reads a range in the first free place.</summary>
    public void Read(long offset, long length) => Submit(BlockOperation.Read, offset, length);

    /// <summary>Flushes, in the same way.</summary>
    public void Flush() => Submit(BlockOperation.Flush, 0, 0);

    private void Submit(BlockOperation operation, long offset, long length)
    {
        SimIo io = Array.Find(_ios, io => !io.IsInFlight)!;
        io.Bio.Operation = operation;
        io.Bio.Flags = BioFlags.None;
        io.Bio.Offset = offset;
        io.Bio.Length = length;
        Submit(io);
    }

    public void EndBio(Bio bio)
    {
        SimIo io = _ios[bio.Cookie];
        if (!io.IsInFlight) throw new SimFailure($"{io} has ended twice");
        io.IsInFlight = false;
        bool isOk = bio.Status == BlockStatus.Ok;
        _world.Trace.TellIo((ulong)bio.Status + 1, bio.Status.ErrnoName(), io);
        Done++;
        if (isOk) _world.Judge.Succeeded(io);
        else Fail(io);
        Next(io);
    }

    public void Dispose()
    {
        foreach (SimIo io in _ios) io.Dispose();
    }

    private void Fail(SimIo io)
    {
        Failed++;
        _world.Judge.Failed(io, hasLostConnection: io.Losses != _losses);
    }

    private void Next(SimIo io)
    {
        if (!_isRunning) return;
        // What is refused at once must not be tried without end at one moment.
        long wait = Math.Clamp(_random.Wait(_plan.ThinkNs), 10_000, MaxThinkNs);
        if (_random.Chance(300)) wait = 10_000;
        bool hasFailed = io.Bio.Status != BlockStatus.Ok;
        if (hasFailed || Device.State != PathState.Up) wait = Math.Max(wait, 20_000_000);
        _world.After(wait, () => Begin(io));
    }

    private void Begin(SimIo io)
    {
        if (!_isRunning || io.IsInFlight || Device.State != PathState.Up)
        {
            if (_isRunning && !io.IsInFlight) Next(io);
            return;
        }
        Draw(io.Bio);
        Submit(io);
    }

    private void Draw(Bio bio)
    {
        bio.Operation = DrawOperation();
        bio.Flags = BioFlags.None;
        bio.Offset = bio.Length = 0;
        bio.ExtentCount = 0;
        if (bio.Operation == BlockOperation.Flush) return;
        bool canFua = bio.IsWrite;
        if (canFua && _random.Chance(_plan.Fuas)) bio.Flags = BioFlags.Fua;
        if (bio.Operation == BlockOperation.WriteZeroes && _random.Chance(300))
            bio.Flags |= BioFlags.NoUnmap;
        int align = _plan.Align;
        long size = _world.Plan.VolumeBytes;
        bio.Length = align * (1 + _random.Next(_plan.MaxBytes / align));
        bool isHot = _random.Chance(_plan.Hot);
        long end = isHot ? Math.Min(size, Math.Max(16 * align, 2 * bio.Length)) : size;
        bio.Offset = _random.Next(((end - bio.Length) / align) + 1) * align;
        if (_random.Chance(_plan.Sequential) && _position + bio.Length <= size)
            bio.Offset = _position;
        _position = bio.End;
    }

    private BlockOperation DrawOperation()
    {
        QueueLimits limits = Device.Limits;
        long draw = _random.Next(1000);
        if ((draw -= _plan.Flushes) < 0) return BlockOperation.Flush;
        if ((draw -= _plan.Discards) < 0 && limits.MaxDiscardBytes > 0)
            return BlockOperation.Discard;
        if ((draw -= _plan.Zeroes) < 0 && limits.MaxWriteZeroesBytes > 0)
            return BlockOperation.WriteZeroes;
        if ((draw -= _plan.Queries) < 0 && limits.Extents) return BlockOperation.Extents;
        return draw < _plan.Writes ? BlockOperation.Write : BlockOperation.Read;
    }

    private void Submit(SimIo io)
    {
        io.IsInFlight = true;
        io.Losses = _losses;
        io.StartNs = _world.Loop.NowNs;
        _world.Judge.Began(io);
        _world.Trace.TellIo((ulong)io.Bio.Offset, "->", io);
        Device.Submit(io.Bio);
    }

    private sealed class LossCounter(SimClient client) : IPathObserver
    {
        public void OnPathState(PathDevice path, PathState state, string reason)
        {
            client._world.Trace.Tell($"{client.Name} is {state}: {reason}");
            if (state == PathState.Up) return;
            client._losses++;
            client._world.Judge.ClientLost(client, reason);
        }
    }
}
