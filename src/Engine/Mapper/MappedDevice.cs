// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// A device that a table maps to others (struct mapped_device). It has a live table and perhaps an
/// inactive one, can be suspended, and keeps the type of its first table. Lives on one loop and is
/// used on its thread only.
/// </summary>
public sealed partial class MappedDevice : BlockDevice, ITargetHost
{
    private readonly IMapObserver _observer;
    private readonly QueueOptions _options;
    private readonly List<Action> _eventWaiters = [];
    private QueueLimits _limits = new();
    private MapperCore? _core;

    /// <summary>Makes a device without a table.</summary>
    public MappedDevice(IoLoop loop, string name, QueueOptions options, IMapObserver observer)
        : base(name)
    {
        Loop = loop;
        _options = options;
        _observer = observer;
    }

    public IoLoop Loop { get; }

    /// <summary>The table that I/O goes through; null before the first resume.</summary>
    public Table? Table { get; private set; }

    /// <summary>The table that the next resume makes live.</summary>
    public Table? InactiveTable { get; private set; }

    /// <summary>Among the devices of its manager: the N of the kernel's dm-N.</summary>
    public int Number { get; internal set; }

    /// <summary>Of its first table; None before.</summary>
    public TargetKinds Kind { get; private set; }

    public override long SizeBytes => Table?.SizeBytes ?? 0;

    public override QueueLimits Limits => _limits;

    public override bool HasLimits => _core is not null;

    public override RequestQueue? Queue => _core?.Queue;

    /// <summary>
    /// What holds writes back that a stale one may overwrite; null before a table.
    /// </summary>
    public StaleWriteShield? Shield => _core?.Shield;

    /// <summary>What is kept for private write caches; null while there is one for all.</summary>
    public KeptState? Kept => _core?.Kept;

    /// <summary>What became of hedged reads; null while reads are not hedged.</summary>
    public HedgeCounters? Hedges => _core?.Hedges;

    public override BlockStatistics Statistics => _core?.Statistics ?? NoStatistics;

    /// <summary>I/Os of clients that have not ended, wherever they are held.</summary>
    public int InFlight => _core?.InFlight ?? 0;

    public bool PassesBusy => _options.PassesBusy;

    /// <summary>Table events so far (dm's event number).</summary>
    public uint EventNumber { get; private set; }

    private static BlockStatistics NoStatistics { get; } = new();

    /// <summary>Makes a live device from one table, as `dmsetup create` does.</summary>
    /// <exception cref="TableException">The table cannot be loaded.</exception>
    public static MappedDevice Create(
        IoLoop loop, string name, Func<ITargetHost, Table> load, QueueOptions options,
        IMapObserver observer)
    {
        var device = new MappedDevice(loop, name, options, observer);
        device.Load(load(device));
        device.Activate(device.TakeInactive());
        return device;
    }

    public override void Submit(Bio bio)
    {
        if (Refuse(bio)) return;
        // A flush has no place by which it would be refused.
        if (Table is null) bio.EndWith(BlockStatus.IoError);
        else _core!.Submit(bio);
    }

    /// <summary>It is one of several that make one map, each on its loop.</summary>
    internal void Join(MapChannels channels, int channel) =>
        Shield!.Peers = new ShieldPeers(channels, channel, Shield, _core!);

    /// <summary>Sends a message to the target at the start of the device.</summary>
    /// <exception cref="MessageException">
    /// It was not understood or could not be followed, or the device is suspended.
    /// </exception>
    public void Message(IReadOnlyList<string> words)
    {
        if (Table is null) throw new MessageException("the device has no table");
        if (IsSuspended) throw new MessageException("the device is suspended");
        Table.Entries[0].Target.Message(words);
    }

    /// <summary>A new name; names are the caller's to keep apart.</summary>
    public void Rename(string name) => Name = name;

    /// <summary>Calls back once, at the next table event or when the device is removed.</summary>
    public void OnNextEvent(Action callback) => _eventWaiters.Add(callback);

    /// <summary>Does not wait any more.</summary>
    public void ForgetWaiter(Action callback) => _eventWaiters.Remove(callback);

    /// <summary>
    /// I/Os that wait for something, and those that go from path to path; oldest first.
    /// </summary>
    public IReadOnlyList<HeldIo> Held() =>
        _core is null ? [] : [.. _core.Held().OrderByDescending(held => held.AgeNs)];

    /// <summary>
    /// Has held I/Os fail, those whose ids are meant; while it is suspended, when it is resumed;
    /// one that is at a path, when that has not done it. How many.
    /// </summary>
    public int FailHeld(Predicate<string> isMeant) => _core?.FailHeld(isMeant) ?? 0;

    /// <summary>
    /// It is about to be taken down: I/O that is held, or would have to wait before its next try,
    /// fails; while it is suspended, when it is resumed.
    /// </summary>
    public void GiveUp() => _core?.GiveUp();

    public void KickRequeueList() => _core?.KickRequeueList();

    public void Remap(TargetBio bio) => ((BioMapper)_core!).Map(bio);

    public void RaiseEvent()
    {
        EventNumber++;
        WakeEventWaiters();
    }

    public void Log(string text) => _observer.OnLog(this, text);

    public void PathChanged(BlockDevice path, bool isActive, int validPaths)
    {
        _core?.OnPathChanged(path, isActive);
        _observer.OnPathChanged(this, path, isActive, validPaths);
    }

    /// <summary>Lets go of the memory of what it keeps; nothing is under way any more.</summary>
    public void ReleaseKept() => _core?.Release();

    private void WakeEventWaiters()
    {
        Action[] waiters = [.. _eventWaiters];
        _eventWaiters.Clear();
        foreach (Action waiter in waiters) waiter();
    }
}
