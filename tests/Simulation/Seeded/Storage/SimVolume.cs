// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// The storage behind all servers, with or without one volatile cache in front of it that they
/// share. When the cache is lost, each block that was not flushed holds any of the values that it
/// has had since the last flush.
/// </summary>
internal sealed class SimVolume(long bytes, bool isVolatile, LoopRandom random)
{
    private const int Block = Stamp.BlockBytes;

    /// <summary>Values of a block that are remembered, the durable one among them.</summary>
    private const int MaxVersions = 5;

    private readonly byte[] _bytes = new byte[bytes];
    private readonly Dictionary<int, List<byte[]>> _versions = [];

    public long SizeBytes => bytes;

    public bool IsVolatile => isVolatile;

    public ReadOnlySpan<byte> Bytes => _bytes;

    public void Read(long offset, Span<byte> to) =>
        _bytes.AsSpan((int)offset, to.Length).CopyTo(to);

    public void Write(long offset, ReadOnlySpan<byte> from, bool fua)
    {
        Begin(offset, from.Length);
        from.CopyTo(_bytes.AsSpan((int)offset));
        if (fua) Settle(offset, from.Length);
    }

    public void Zero(long offset, long length, bool fua)
    {
        Begin(offset, length);
        _bytes.AsSpan((int)offset, (int)length).Clear();
        if (fua) Settle(offset, length);
    }

    public void Flush() => _versions.Clear();

    /// <summary>The power has failed. How many blocks have gone back.</summary>
    public int LoseCache()
    {
        int lost = 0;
        foreach ((int block, List<byte[]> versions) in _versions)
        {
            int chosen = (int)random.Next(versions.Count + 1);
            if (chosen == versions.Count) continue;
            versions[chosen].CopyTo(_bytes.AsSpan(block * Block));
            lost++;
        }
        _versions.Clear();
        return lost;
    }

    private void Begin(long offset, long length)
    {
        if (!isVolatile) return;
        for (int block = (int)(offset / Block); block * (long)Block < offset + length; block++)
        {
            if (!_versions.TryGetValue(block, out List<byte[]>? versions))
                _versions[block] = versions = [];
            if (versions.Count == MaxVersions) versions.RemoveAt(1);
            versions.Add(_bytes.AsSpan(block * Block, Block).ToArray());
        }
    }

    /// <summary>What these blocks hold now is durable.</summary>
    private void Settle(long offset, long length)
    {
        for (int block = (int)(offset / Block); block * (long)Block < offset + length; block++)
            _versions.Remove(block);
    }
}
