// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>queue_mode bio: a path for each bio, and a list of bios held in the target.</summary>
public sealed partial class MultipathTarget
{
    public void MapHeld() => _held.Process();

    /// <summary>multipath_map_bio.</summary>
    public MapResult Map(TargetBio bio)
    {
        PgPath? path = _currentPath;
        if (path is null || !_queueIo) path = ChoosePath(bio.Clone.Length);
        if (path is null)
        {
            if (!_noPath.Queues)
                return _host.IsNoFlushSuspending ? MapResult.Requeue : MapResult.Kill;
            _held.Add(bio);
            return MapResult.Submitted;
        }
        if (MustActivate())
        {
            _held.Add(bio);
            _activation.StartRound();
            return MapResult.Submitted;
        }
        bio.Device = path.Device;
        StartIo(path, bio.Io, bio.Clone.Length);
        return MapResult.Remapped;
    }

    /// <summary>
    /// multipath_end_io_bio: a bio, unlike a clone of a request, can be sent again.
    /// </summary>
    public EndIoResult EndIo(TargetBio bio, ref BlockStatus status)
    {
        EndIo(bio.Io);
        if (!status.IsPathError()) return EndIoResult.Done;
        FailPath(PathOf(bio.Io));
        if (ValidPaths == 0 && !_noPath.Queues)
        {
            if (_host.IsNoFlushSuspending) return EndIoResult.Requeue;
            status = BlockStatus.IoError;
            return EndIoResult.Done;
        }
        _held.Add(bio);
        _held.Process();
        return EndIoResult.Incomplete;
    }
}
