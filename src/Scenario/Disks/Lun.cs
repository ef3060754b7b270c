// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.Memory;

namespace Braid.Scenario;

/// <summary>A port of a <see cref="LunTarget"/> as a disk (LIO behind tcm_loop).</summary>
internal sealed class Lun : ScenarioDisk, IUnpluggable
{
    private AluaHandler? _handler;
    private AccessState _state;
    private bool _isOffline;
    private bool _isGone;

    /// <summary>The state has changed, and the next command tells the host so.</summary>
    private bool _hasAttention;

    public Lun(
        IoLoop loop, string name, MemoryStore store, DiskSettings settings, LunTarget target,
        AccessState state)
        : base(loop, name, store, settings, state.TellsSize() ? store.SizeBytes : 0)
    {
        Target = target;
        _state = state;
        target.Add(this);
    }

    public LunTarget Target { get; }

    /// <summary>The state of its group at the target.</summary>
    public AccessState Access
    {
        get => _state;
        set
        {
            _hasAttention |= value != _state;
            _state = value;
        }
    }

    /// <summary>What the host's handler knows of the state; null without a handler.</summary>
    public AccessState? KnownState { get; private set; }

    public bool Answers => !_isOffline && !_isGone;

    public override IHardwareHandler? HardwareHandler => _handler;

    public override string? OpenError => _isGone ? "ENOENT" : null;

    public override void Break() => _isOffline = true;

    public override void Fix() => _isOffline = false;

    public void Unplug() => _isGone = Queue.IsDying = true;

    public override string? AttachHandler(string name)
    {
        if (name != AluaHandler.HandlerName) return $"unknown hardware handler '{name}'";
        if (_handler is not null) return null;
        _handler = new AluaHandler(this);
        KnownState = AccessState.Optimized;
        if (Answers) Target.Report();
        return null;
    }

    /// <summary>Set Target Port Groups: the group becomes active/optimized.</summary>
    public void Activate() => _state = AccessState.Optimized;

    /// <summary>The host was told the state of the group.</summary>
    public void LearnState()
    {
        if (_handler is not null) KnownState = _state;
    }

    protected override BlockStatus Admit()
    {
        if (_isGone) return BlockStatus.IoError;
        // The handler sends nothing to a group that it knows to be inactive (prep_fn).
        return KnownState is { } known && !known.TakesIo() ? BlockStatus.IoError : BlockStatus.Ok;
    }

    protected override (BlockStatus Status, long Done) Judge(Request request)
    {
        if (_isOffline) return (BlockStatus.IoError, 0);
        if (_hasAttention)
        {
            _hasAttention = false;
            if (_handler is not null) Target.Report();
        }
        return (_state.TakesIo() ? BlockStatus.Ok : BlockStatus.IoError, 0);
    }
}
