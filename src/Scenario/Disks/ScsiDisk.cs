// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.Memory;

namespace Braid.Scenario;

/// <summary>What the disks of one `scsi` step have in common: options of the driver.</summary>
internal sealed class ScsiOptions
{
    private const int SectorSize = 512;

    /// <summary>Reads of the bad sectors fail (SDEBUG_OPT_MEDIUM_ERR).</summary>
    private const long MediumErrors = 2;

    /// <summary>First bad sector, and how many (OPT_MEDIUM_ERR_ADDR).</summary>
    private const long FirstBad = 0x1234;
    private const long BadCount = 10;

    /// <summary>The `opts` of the driver.</summary>
    public long Options { get; set; }

    /// <summary>
    /// Good bytes at the start of a read that meets a bad sector; null if it does not.
    /// </summary>
    public long? GoodBytes(Request request)
    {
        if ((Options & MediumErrors) == 0 || request.Operation != BlockOperation.Read) return null;
        long first = request.Offset / SectorSize;
        long end = request.End / SectorSize;
        if (first >= FirstBad + BadCount || end <= FirstBad) return null;
        return Math.Max(0, FirstBad - first) * SectorSize;
    }
}

/// <summary>A SCSI disk that can be offline or be taken away (scsi_debug).</summary>
internal sealed class ScsiDisk(
    IoLoop loop, string name, MemoryStore store, DiskSettings settings, ScsiOptions options)
    : ScenarioDisk(loop, name, store, settings, store.SizeBytes), IUnpluggable
{
    private bool _isOffline;
    private bool _isGone;

    public override string? OpenError => _isGone ? "ENOENT" : _isOffline ? "ENXIO" : null;

    public override void Break() => _isOffline = true;

    public override void Fix() => _isOffline = false;

    public void Unplug() => _isGone = Queue.IsDying = true;

    public override string? AttachHandler(string handler) => handler == AluaHandler.HandlerName
        ? "the device has no target port groups"
        : $"unknown hardware handler '{handler}'";

    protected override BlockStatus Admit() =>
        _isOffline || _isGone ? BlockStatus.IoError : BlockStatus.Ok;

    protected override (BlockStatus Status, long Done) Judge(Request request) =>
        options.GoodBytes(request) is { } good ? (BlockStatus.Medium, good) : (BlockStatus.Ok, 0);
}

/// <summary>A disk that can be taken away while it is in use.</summary>
internal interface IUnpluggable
{
    void Unplug();
}
