// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// A device that a table maps to others (struct mapped_device). Request-based when its one target
/// maps requests, else bio-based. Lives on one loop and is used on its thread only.
/// </summary>
public sealed class MappedDevice : BlockDevice, ITargetHost
{
    private readonly IMapObserver _observer;
    private readonly RequestMapper? _requests;
    private readonly BioMapper? _bios;
    private readonly List<Action> _eventWaiters = [];

    /// <summary>Makes a live device from a table's text.</summary>
    /// <exception cref="TableException">The table cannot be loaded.</exception>
    public MappedDevice(
        IoLoop loop, string name, Func<ITargetHost, Table> load, QueueOptions options,
        IMapObserver observer)
        : base(name)
    {
        Loop = loop;
        _observer = observer;
        Table = load(this);
        Limits = Table.StackLimits();
        if (Table.RequestTarget is { } target && target is not IBioTarget { PrefersBios: true })
            _requests = new RequestMapper(loop, target, Limits, options);
        else
            _bios = new BioMapper(this);
    }

    public IoLoop Loop { get; }

    /// <summary>The live table.</summary>
    public Table Table { get; }

    public override long SizeBytes => Table.SizeBytes;

    public override QueueLimits Limits { get; }

    public override RequestQueue? Queue => _requests?.Queue;

    public override BlockStatistics Statistics =>
        _requests?.Queue.Statistics ?? _bios!.Statistics;

    /// <summary>I/Os of clients that have not ended, wherever they are held.</summary>
    public int InFlight => _requests?.Queue.Tags.InUse ?? _bios!.InFlight;

    /// <summary>Table events so far (dm's event number).</summary>
    public uint EventNumber { get; private set; }

    public bool IsNoFlushSuspending => false;

    public override void Submit(Bio bio)
    {
        if (Refuse(bio)) return;
        if (_requests is { } requests) requests.Queue.Submit(bio);
        else _bios!.Submit(bio);
    }

    /// <summary>Sends a message to the target at the start of the device.</summary>
    /// <exception cref="MessageException">It was not understood or could not be
    /// followed.</exception>
    public void Message(IReadOnlyList<string> words) => Table.Entries[0].Target.Message(words);

    /// <summary>Calls back once, at the next table event.</summary>
    public void OnNextEvent(Action callback) => _eventWaiters.Add(callback);

    public void KickRequeueList() => _requests?.Queue.KickRequeueList();

    public void Remap(TargetBio bio) => _bios!.Map(bio);

    public void RaiseEvent()
    {
        EventNumber++;
        Action[] waiters = [.. _eventWaiters];
        _eventWaiters.Clear();
        foreach (Action waiter in waiters) waiter();
    }

    public void Log(string text) => _observer.OnLog(this, text);

    public void PathChanged(BlockDevice path, bool isActive, int validPaths) =>
        _observer.OnPathChanged(this, path, isActive, validPaths);
}
