// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;
using Braid.Block;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>
/// The way of a request through the target: map on the way down, end io on the way up.
/// </summary>
public sealed partial class MultipathTarget
{
    public bool HoldsIo => MayQueue;

    private bool MayQueue => _noPath.Queues || _host.IsNoFlushSuspending;

    /// <summary>multipath_clone_and_map: the path is chosen here, for a whole request.</summary>
    public MapResult CloneAndMap(
        Request origin, TargetIo io, ICloneOwner owner, out Request? clone)
    {
        clone = null;
        PgPath? path = _currentPath;
        if (path is null || !_queueIo) path = ChoosePath(origin.Length);
        if (path is null) return MayQueue ? MapResult.DelayRequeue : MapResult.Kill;

        if (MustActivate())
        {
            _activation.StartRound();
            return MapResult.DelayRequeue;
        }
        RequestQueue queue = path.Queue!;
        clone = _passesBusy && queue.IsBusy ? null : queue.TryAllocateClone(origin, owner);
        if (clone is null)
        {
            if (queue.IsDying)
            {
                _activation.StartFor(path);
                return MapResult.DelayRequeue;
            }
            if (_passesBusy) clone = TryOthers(origin, owner, ref path);
            // Back-pressure, not a delay: while it waits, the queue above goes on merging.
            if (clone is null) return MapResult.Requeue;
        }
        StartIo(path, io, origin.Length);
        return MapResult.Remapped;
    }

    public void ReleaseClone(TargetIo io) => EndIo(io);

    /// <summary>
    /// multipath_end_io: on a path error the path fails, and the core is asked to map the original
    /// again. Only when no path is left and none may be waited for does the error go up.
    /// </summary>
    public EndIoResult EndIo(TargetIo io, BlockOperation operation, ref BlockStatus status)
    {
        EndIoResult result = EndIoResult.Done;
        if (status != BlockStatus.Ok && status.IsPathError())
        {
            result = status == BlockStatus.Resource
                ? EndIoResult.DelayRequeue
                : EndIoResult.Requeue;
            FailPath(PathOf(io));
            if (ValidPaths == 0 && !MayQueue) result = EndIoResult.Done;
        }
        EndIo(io);
        return result;
    }

    /// <summary>The group of the path is not ready for I/O.</summary>
    private bool MustActivate() => _queueIo || _activation.IsRequired;

    private static PgPath PathOf(TargetIo io) => Unsafe.As<PgPath>(io.Route!);

    /// <summary>
    /// The path is congested: a clone on one of those that the selector names next. A slow
    /// path must not hold up a fast one.
    /// </summary>
    private static Request? TryOthers(Request origin, ICloneOwner owner, ref PgPath path)
    {
        PriorityGroup group = path.Group;
        for (int left = group.Paths.Count - 1; left > 0; left--)
        {
            PgPath? next = group.Selector.SelectPath(origin.Length);
            if (next is null || next == path) return null;
            path = next;
            if (path.Queue is { IsBusy: false } queue
                && queue.TryAllocateClone(origin, owner) is { } clone) return clone;
        }
        return null;
    }

    private void StartIo(PgPath path, TargetIo io, long bytes)
    {
        io.Route = path;
        io.Bytes = bytes;
        io.StartNs = _host.Loop.NowNs;
        path.Group.Selector.StartIo(path, bytes);
    }

    private static void EndIo(TargetIo io)
    {
        PgPath path = PathOf(io);
        path.Group.Selector.EndIo(path, io.Bytes, io.StartNs);
    }
}
