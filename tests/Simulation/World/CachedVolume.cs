// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>
/// A volume behind servers that each have a volatile cache of their own. All read the newest bytes,
/// wherever they are cached; a newer write drives older bytes out of every cache. What is in a
/// server's cache when it crashes was never there.
/// </summary>
internal sealed unsafe class CachedVolume(int bytes)
{
    private const int Sector = 512;
    private const int Nobody = -1;

    private readonly byte[] _newest = new byte[bytes];
    private readonly byte[] _durable = new byte[bytes];

    /// <summary>By sector: in whose cache its newest bytes are.</summary>
    private readonly int[] _owner = MakeOwners(bytes / Sector);

    public long SizeBytes => bytes;

    /// <summary>Sectors that crashes have taken back.</summary>
    public int Lost { get; private set; }

    public ReadOnlySpan<byte> Durable => _durable;

    public BlockStatus Execute(Bio bio, int server)
    {
        int offset = (int)bio.Offset;
        int length = (int)bio.Length;
        switch (bio.Operation)
        {
            case BlockOperation.Read:
                _newest.AsSpan(offset, length).CopyTo(new Span<byte>(bio.Data, length));
                break;
            case BlockOperation.Write:
                new Span<byte>(bio.Data, length).CopyTo(_newest.AsSpan(offset));
                Own(bio, server);
                break;
            case BlockOperation.WriteZeroes:
            case BlockOperation.Discard:
                _newest.AsSpan(offset, length).Clear();
                Own(bio, server);
                break;
            case BlockOperation.Flush:
                Settle(server);
                break;
            case BlockOperation.Extents:
            default:
                return BlockStatus.NotSupported;
        }
        return BlockStatus.Ok;
    }

    public void Crash(int server)
    {
        for (int s = 0; s < _owner.Length; s++)
        {
            if (_owner[s] != server) continue;
            Copy(_durable, _newest, s);
            _owner[s] = Nobody;
            Lost++;
        }
    }

    private static int[] MakeOwners(int sectors)
    {
        int[] owners = new int[sectors];
        Array.Fill(owners, Nobody);
        return owners;
    }

    private static void Copy(byte[] from, byte[] to, int sector) =>
        from.AsSpan(sector * Sector, Sector).CopyTo(to.AsSpan(sector * Sector));

    private void Own(Bio bio, int server)
    {
        bool isDurable = (bio.Flags & BioFlags.Fua) != 0;
        for (int s = (int)(bio.Offset / Sector); s < bio.End / Sector; s++)
        {
            _owner[s] = isDurable ? Nobody : server;
            if (isDurable) Copy(_newest, _durable, s);
        }
    }

    private void Settle(int server)
    {
        for (int s = 0; s < _owner.Length; s++)
        {
            if (_owner[s] != server) continue;
            Copy(_newest, _durable, s);
            _owner[s] = Nobody;
        }
    }
}
