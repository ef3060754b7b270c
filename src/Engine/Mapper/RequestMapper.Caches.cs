// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Private caches below: what they ask of the mapper, and what they hear.</summary>
internal sealed partial class RequestMapper
{
    /// <summary>What is kept, for people and tests; null while the caches are one.</summary>
    public PrivateCaches? Caches => _caches;

    public override KeptState? Kept =>
        _caches is null ? null : new KeptState(_caches.Kept.Bytes, _caches.Replayed);

    public override void OnPathChanged(BlockDevice path, bool isActive)
    {
        if (path.Queue is { } queue) _caches?.OnPathChanged(queue, isActive);
    }

    public override void Release()
    {
        _caches?.Release();
        _hedges?.Release();
    }

    public override void Renew(Action<Bio> submit)
    {
        if (_caches is null) _queue.Renew(submit);
        else _queue.Renew(bio => SubmitAnew(bio, submit));
    }

    /// <summary>A write that was given up after it had landed: it is mapped again.</summary>
    internal void MapAgain(Request write) => Retry(write, 0, 0);

    internal void FailPath(RequestQueue path) => _target.FailPath(path);

    /// <summary>A replay is made anew, as the new limits have it.</summary>
    private static void SubmitAnew(Bio bio, Action<Bio> submit)
    {
        if ((bio.Flags & BioFlags.Replay) != 0 && bio.Owner is Replay)
            bio.EndWith(BlockStatus.Again);
        else submit(bio);
    }
}
