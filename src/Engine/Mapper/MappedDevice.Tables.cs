// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Tables come and go: load, clear, swap, remove (drivers/md/dm-ioctl.c).</summary>
public sealed partial class MappedDevice
{
    /// <summary>Puts a table into the inactive slot, in place of what was there.</summary>
    /// <exception cref="TableException">It does not fit this device; it was released.</exception>
    public void Load(Table table)
    {
        try
        {
            Admit(table);
        }
        catch
        {
            table.Release();
            throw;
        }
        InactiveTable?.Release();
        InactiveTable = table;
    }

    /// <summary>Empties the inactive slot.</summary>
    public void Clear()
    {
        InactiveTable?.Release();
        InactiveTable = null;
    }

    /// <summary>
    /// Takes the device down: whoever waits for an event is woken, the tables let their devices go.
    /// </summary>
    /// <exception cref="DeviceBusyException">
    /// Somebody has it open, an I/O has not ended, or it is being suspended or resumed.
    /// </exception>
    public void Remove()
    {
        if (OpenCount > 0) throw new DeviceBusyException($"{Name} is in use");
        if (InFlight > 0) throw new DeviceBusyException($"{Name} has I/O that has not ended");
        if (_inTransition)
            throw new DeviceBusyException($"{Name} is being suspended or resumed");
        Clear();
        Table?.Release();
        Table = null;
        ReleaseKept();
        WakeEventWaiters();
    }

    /// <summary>Why the inactive table could not be live now; null when it could.</summary>
    public TableException? InactiveProblem()
    {
        if (InactiveTable is null) return null;
        try
        {
            InactiveTable.RequirePlaceOver(this);
            InactiveLimits();
            return null;
        }
        catch (TableException error)
        {
            return error;
        }
    }

    /// <summary>What the device could do with the inactive table, if there is one.</summary>
    /// <exception cref="TableException">It could not be live.</exception>
    public QueueLimits InactiveLimits() =>
        InactiveTable?.CalculateLimits(_limits, _options.Declared) ?? _limits;

    private Table? TakeInactive()
    {
        Table? table = InactiveTable;
        InactiveTable = null;
        return table;
    }

    private void Admit(Table table)
    {
        string? immutable = Table?.ImmutableType ?? InactiveTable?.ImmutableType;
        if (Kind != TargetKinds.None && immutable is not null && !table.Replaces(immutable))
            throw new TableException($"cannot replace immutable target type {immutable}");
        table.RequirePlaceOver(this);
        TargetKinds kind = table.DetermineKind(Kind);
        if (Kind != TargetKinds.None && kind != Kind)
            throw new TableException(
                $"cannot change the type of a device after its first table ({Kind} to {kind})");
        if (kind == TargetKinds.Request) table.RequireRequestQueues();
        if (Kind != TargetKinds.None) return;
        _limits = table.CalculateLimits(null, _options.Declared);
        Kind = kind;
        _core = kind == TargetKinds.Request
            ? new RequestMapper(Loop, table.RequestTarget!, _limits, _options)
            : new BioMapper(this, table, _limits);
    }

    /// <summary>
    /// Makes a table live (dm_swap_table). One that cannot be is dropped, and the device stays as
    /// it was; so is one that the observer objects to. What waits for it is submitted anew if it
    /// can do less than the one before.
    /// </summary>
    private TableException? Swap(Table table)
    {
        QueueLimits limits;
        try
        {
            // Those below may have other tables since this one was loaded.
            table.RequirePlaceOver(this);
            limits = table.CalculateLimits(_limits, _options.Declared);
        }
        catch
        {
            table.Release();
            throw;
        }
        bool isSame = limits == _limits && table.SizeBytes >= SizeBytes;
        Table? old = Table;
        if (old is not null && _observer.Objection(this, table.SizeBytes, limits) is { } objection)
        {
            table.Release();
            return new TableException(objection);
        }
        Table = table;
        _limits = limits;
        MapperCore core = _core!;
        core.SetTable(table, limits);
        old?.Release();
        if (!isSame && _options.FitsWaiting) core.Renew(Submit);
        return null;
    }
}
