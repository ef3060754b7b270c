// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// The storage behind all servers, with or without volatile caches in front of it: one that they
/// share, or each its own. All read the newest bytes, wherever they are cached; a newer write
/// drives older bytes out of every cache. When a cache is lost, each block of it that was not
/// flushed holds any of the values that it has had since it was durable.
/// </summary>
internal sealed class SimVolume(long bytes, bool isVolatile, LoopRandom random)
{
    private const int Block = Stamp.BlockBytes;

    /// <summary>Values of a block that are remembered, the durable one among them.</summary>
    private const int MaxVersions = 5;

    private readonly byte[] _bytes = new byte[bytes];
    private readonly Dictionary<int, List<byte[]>> _versions = [];

    /// <summary>In whose cache the newest bytes of a block are.</summary>
    private readonly Dictionary<int, int> _owners = [];

    public long SizeBytes => bytes;

    public bool IsVolatile => isVolatile;

    public ReadOnlySpan<byte> Bytes => _bytes;

    public void Read(long offset, Span<byte> to) =>
        _bytes.AsSpan((int)offset, to.Length).CopyTo(to);

    public void Write(long offset, ReadOnlySpan<byte> from, bool fua, int cache)
    {
        Begin(offset, from.Length, cache);
        from.CopyTo(_bytes.AsSpan((int)offset));
        if (fua) Settle(offset, from.Length);
    }

    public void Zero(long offset, long length, bool fua, int cache)
    {
        Begin(offset, length, cache);
        _bytes.AsSpan((int)offset, (int)length).Clear();
        if (fua) Settle(offset, length);
    }

    public void Flush(int cache)
    {
        foreach (int block in BlocksIn(cache)) Forget(block);
    }

    /// <summary>The power of a cache has failed. How many blocks have gone back.</summary>
    public int LoseCache(int cache)
    {
        int lost = 0;
        foreach (int block in BlocksIn(cache))
        {
            List<byte[]> versions = _versions[block];
            int chosen = (int)random.Next(versions.Count + 1);
            if (chosen < versions.Count)
            {
                versions[chosen].CopyTo(_bytes.AsSpan(block * Block));
                lost++;
            }
            Forget(block);
        }
        return lost;
    }

    private int[] BlocksIn(int cache) =>
        [.. _owners.Where(owner => owner.Value == cache).Select(owner => owner.Key)];

    private void Forget(int block)
    {
        _versions.Remove(block);
        _owners.Remove(block);
    }

    private void Begin(long offset, long length, int cache)
    {
        if (!isVolatile) return;
        for (int block = (int)(offset / Block); block * (long)Block < offset + length; block++)
        {
            if (!_versions.TryGetValue(block, out List<byte[]>? versions))
                _versions[block] = versions = [];
            if (versions.Count == MaxVersions) versions.RemoveAt(1);
            versions.Add(_bytes.AsSpan(block * Block, Block).ToArray());
            _owners[block] = cache;
        }
    }

    /// <summary>What these blocks hold now is durable.</summary>
    private void Settle(long offset, long length)
    {
        for (int block = (int)(offset / Block); block * (long)Block < offset + length; block++)
            Forget(block);
    }
}
