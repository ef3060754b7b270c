// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>
/// Storage behind a server: takes its time, moves data at the end of it, so that memory that was
/// given up too early is seen, and takes nothing that is not a whole block of its own.
/// </summary>
internal sealed unsafe class FuzzVolume : PathDevice
{
    public const int Block = 512;

    /// <summary>A request takes up to so long.</summary>
    private const long MaxDelayNs = 300_000;

    private readonly byte[] _bytes;

    /// <param name="loop">The world's.</param>
    /// <param name="bytes">What is stored; others may look at it.</param>
    /// <param name="depth">Requests at the same time.</param>
    public FuzzVolume(IoLoop loop, byte[] bytes, int depth)
        : base(loop, "volume", "fuzz:volume", new QueueOptions { Depth = depth })
    {
        _bytes = bytes;
        Start();
    }

    public override void Start() => Reached(_bytes.Length, new QueueLimits
    {
        LogicalBlockSize = Block,
        WriteCache = true,
        MaxDiscardBytes = _bytes.Length,
        MaxWriteZeroesBytes = _bytes.Length,
        Extents = true,
    });

    public override void Stop() => Lost("stopped");

    public override BlockStatus QueueRequest(Request request)
    {
        if (request.Offset < 0 || request.End > _bytes.Length)
            throw new FuzzException($"I/O beyond the end: {request.Offset}+{request.Length}");
        if ((request.Offset | request.Length) % Block != 0)
            throw new FuzzException($"a part of a block: {request.Offset}+{request.Length}");
        Loop.CreateTimer(() => End(request)).Arm(Loop.Random.Next(MaxDelayNs));
        return BlockStatus.Ok;
    }

    protected override void Dispose(bool disposing)
    {
        // It has nothing.
    }

    private void End(Request request)
    {
        int at = (int)request.Offset;
        switch (request.Operation)
        {
            case BlockOperation.Read or BlockOperation.Write:
                Move(request);
                break;
            case BlockOperation.Discard or BlockOperation.WriteZeroes:
                _bytes.AsSpan(at, (int)request.Length).Clear();
                break;
            case BlockOperation.Extents:
                var extents = (BlockExtent*)request.FirstBio!.Data;
                extents[0] = new BlockExtent(Block, 0);
                extents[1] = new BlockExtent(request.Length - Block, BlockExtent.Hole);
                request.FirstBio.ExtentCount = request.Length > Block ? 2 : 1;
                break;
            case BlockOperation.Flush:
            default:
                break;
        }
        Queue.Complete(request, BlockStatus.Ok);
    }

    private void Move(Request request)
    {
        int at = (int)request.Offset;
        for (Bio? bio = request.FirstBio; bio is not null; bio = bio.Next)
        {
            var memory = new Span<byte>(bio.Cursor, bio.Left);
            Span<byte> stored = _bytes.AsSpan(at, memory.Length);
            if (request.IsWrite) memory.CopyTo(stored);
            else stored.CopyTo(memory);
            at += memory.Length;
        }
    }
}
