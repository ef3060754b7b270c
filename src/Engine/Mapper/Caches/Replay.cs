// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// A piece of what a lost cache held, on its way again: a write of the map like any other, with
/// memory of its own, since the kept one may go meanwhile.
/// </summary>
internal sealed unsafe class Replay : IBioOwner
{
    /// <summary>The longest piece.</summary>
    public const long MaxBytes = 128 << 10;

    private byte* _data = (byte*)NativeMemory.AlignedAlloc((nuint)MaxBytes, 4096);

    /// <summary>What had been acknowledged when its bytes were taken.</summary>
    private long _sequence;

    public Replay(PrivateCaches caches)
    {
        Caches = caches;
        Bio = new Bio(this)
        {
            Operation = BlockOperation.Write,
            Flags = BioFlags.Replay,
            Data = _data,
        };
    }

    public PrivateCaches Caches { get; }

    public Bio Bio { get; }

    public bool IsRunning { get; set; }

    /// <summary>Takes the bytes of a range that is kept as a whole.</summary>
    public void Take(KeptWrites kept, long begin, long length)
    {
        Bio.Offset = begin;
        Bio.Length = length;
        _sequence = kept.Sequence;
        for (int i = kept.IndexAt(begin); i < kept.All.Count; i++)
        {
            KeptWrite write = kept.All[i];
            if (write.Begin >= begin + length) break;
            Buffer.MemoryCopy(
                write.At(write.Begin), _data + (write.Begin - begin), write.Length, write.Length);
        }
        IsRunning = true;
    }

    /// <summary>Whether nobody has written there since.</summary>
    public bool IsCurrent(KeptWrites kept, Request request) =>
        kept.IsLost(request.Offset, request.End, _sequence);

    public void EndBio(Bio bio)
    {
        IsRunning = false;
        Caches.EndReplay(this, bio.Status);
    }

    public void Release()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }
}
