// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// Something that takes bios (struct gendisk): a path, or a mapped device over paths. On one loop.
/// </summary>
public abstract class BlockDevice
{
    protected BlockDevice(string name) => Name = name;

    /// <summary>As tables and messages call it.</summary>
    public string Name { get; protected set; }

    /// <summary>Bytes; 0 while not known.</summary>
    public abstract long SizeBytes { get; }

    /// <summary>What it can do; a careful guess while <see cref="HasLimits"/> is false.</summary>
    public abstract QueueLimits Limits { get; }

    /// <summary>False for a path that has not been reached yet.</summary>
    public virtual bool HasLimits => true;

    /// <summary>The queue of a request-based device; null for one that takes bios only.</summary>
    public abstract RequestQueue? Queue { get; }

    /// <summary>The handler that is attached to it; most devices have none.</summary>
    public virtual IHardwareHandler? HardwareHandler => null;

    /// <summary>How many hold it: clients, and tables of devices above.</summary>
    public int OpenCount { get; private set; }

    /// <summary>How often it was opened: numbers those who hold it.</summary>
    public int Openings { get; private set; }

    /// <summary>
    /// Requests that have ended, by kind; of a map without a queue, bios that have begun.
    /// </summary>
    public abstract BlockStatistics Statistics { get; }

    /// <summary>
    /// Takes a bio. It may end before this returns. Bios submitted in one turn are merged.
    /// </summary>
    public abstract void Submit(Bio bio);

    /// <summary>
    /// Attaches a handler, or finds one attached, which stays (scsi_dh_attach). Null when there is
    /// one now; else why not.
    /// </summary>
    public virtual string? AttachHandler(string name) => "the device takes no hardware handler";

    /// <summary>Holds the device: it cannot be removed until <see cref="Close"/>.</summary>
    public void Open()
    {
        OpenCount++;
        Openings++;
    }

    /// <summary>Lets go of what <see cref="Open"/> held.</summary>
    public void Close() => OpenCount--;

    /// <summary>
    /// Ends a bio that asks for what the device has not: beyond the end, a write to a read-only
    /// device, an operation without support. True if the bio was ended.
    /// </summary>
    protected bool Refuse(Bio bio)
    {
        BlockStatus status = Check(bio);
        if (status == BlockStatus.Ok) return false;
        bio.EndWith(status);
        return true;
    }

    private BlockStatus Check(Bio bio)
    {
        if (bio.Operation == BlockOperation.Flush) return BlockStatus.Ok;
        if (bio.Offset < 0 || bio.Length <= 0 || bio.Length > SizeBytes - bio.Offset)
            return BlockStatus.IoError;
        QueueLimits limits = Limits;
        if (limits.ReadOnly && bio.IsWrite) return BlockStatus.ReadOnly;
        if (limits.MaxFor(bio.Operation) == 0) return BlockStatus.NotSupported;
        if (bio.Operation == BlockOperation.Extents && !limits.Extents)
            return BlockStatus.NotSupported;
        int mask = limits.LogicalBlockSize - 1;
        return ((bio.Offset | bio.Length) & mask) == 0 ? BlockStatus.Ok : BlockStatus.Invalid;
    }
}
