// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;

namespace Braid.Daemon;

/// <summary>
/// Probes a path by reading its first block (multipathd's directio checker), past the map, so that
/// a failed path can be seen to work again. One probe at a time; on the path's loop.
/// </summary>
internal sealed unsafe class PathCheck : IBioOwner, IDisposable
{
    private readonly PathDevice _path;
    private readonly Action<BlockStatus> _done;
    private readonly Bio _bio;
    private byte* _memory;
    private bool _disposed;

    public PathCheck(PathDevice path, Action<BlockStatus> done)
    {
        _path = path;
        _done = done;
        _bio = new Bio(this);
    }

    public bool IsRunning { get; private set; }

    public void Start()
    {
        if (IsRunning) return;
        IsRunning = true;
        int block = Math.Max(512, _path.Limits.LogicalBlockSize);
        if (_memory is null) _memory = (byte*)NativeMemory.AlignedAlloc((nuint)block, 4096);
        _bio.Operation = BlockOperation.Read;
        _bio.Flags = BioFlags.None;
        _bio.Offset = 0;
        _bio.Length = Math.Min(block, _path.SizeBytes);
        _bio.Data = _memory;
        _path.Submit(_bio);
    }

    public void EndBio(Bio bio)
    {
        IsRunning = false;
        if (_disposed) Free();
        else _done(bio.Status);
    }

    /// <summary>
    /// A probe under way still owns its memory: it goes when the probe has ended.
    /// </summary>
    public void Dispose()
    {
        _disposed = true;
        if (!IsRunning) Free();
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
