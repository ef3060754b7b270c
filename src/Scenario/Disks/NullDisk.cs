// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.Memory;

namespace Braid.Scenario;

/// <summary>A disk that may have bad blocks (null_blk).</summary>
internal interface INullDisk
{
    BadBlocks BadBlocks { get; }
}

/// <summary>A request-based null disk.</summary>
internal sealed class NullDisk(IoLoop loop, string name, MemoryStore store, DiskSettings settings)
    : ScenarioDisk(loop, name, store, settings, store.SizeBytes), INullDisk
{
    public BadBlocks BadBlocks { get; } = new(store.SizeBytes / 512);

    public override void Break() => BadBlocks.SetAll(true);

    public override void Fix() => BadBlocks.SetAll(false);

    protected override (BlockStatus Status, long Done) Judge(Request request)
    {
        bool isBad = request.Length > 0 && BadBlocks.Touches(request.Offset, request.Length);
        return (isBad ? BlockStatus.IoError : BlockStatus.Ok, 0);
    }
}

/// <summary>A bio-based null disk: no queue, and no counters (queue_mode=0).</summary>
internal sealed class RamDisk : BlockDevice, INullDisk
{
    private readonly IoLoop _loop;
    private readonly DiskMemory _memory;
    private readonly DiskSettings _settings;

    public RamDisk(IoLoop loop, string name, MemoryStore store, DiskSettings settings)
        : base(name)
    {
        _loop = loop;
        _memory = new DiskMemory(store);
        _settings = settings;
        SizeBytes = store.SizeBytes;
        BadBlocks = new BadBlocks(store.SizeBytes / 512);
    }

    public BadBlocks BadBlocks { get; }

    public override long SizeBytes { get; }

    public override QueueLimits Limits => _settings.Limits;

    public override RequestQueue? Queue => null;

    public override BlockStatistics Statistics { get; } = new();

    public override void Submit(Bio bio)
    {
        if (Refuse(bio)) return;
        bool isBad = bio.Length > 0 && BadBlocks.Touches(bio.Offset, bio.Length);
        if (!isBad) _memory.Execute(bio);
        BlockStatus status = isBad ? BlockStatus.IoError : BlockStatus.Ok;
        _loop.CreateTimer(() => bio.EndWith(status)).Arm(_settings.DelayNs);
    }
}
