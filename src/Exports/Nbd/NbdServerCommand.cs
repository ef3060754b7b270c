// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>
/// One command of a client: its bios, its memory and its reply. A slot of its connection, allocated
/// at first use and used again for ever.
/// </summary>
internal sealed unsafe class NbdServerCommand
{
    /// <summary>Bytes of one bio: a longer command is cut into several.</summary>
    public const int MaxBio = BufferPool.MaxBuffer;

    private const int MaxBios = NbdProtocol.MaxPayload / MaxBio;

    private readonly Bio?[] _bios = new Bio?[MaxBios];
    private readonly IBioOwner _owner;
    private readonly int _client;

    /// <param name="owner">Hears of the ends of its bios.</param>
    /// <param name="client">Whose turn they take.</param>
    /// <param name="slot">See <see cref="Slot"/>.</param>
    /// <param name="header">See <see cref="Header"/>.</param>
    public NbdServerCommand(IBioOwner owner, int client, int slot, byte* header)
    {
        _owner = owner;
        _client = client;
        Slot = slot;
        Header = header;
    }

    /// <summary>Place in the connection's table.</summary>
    public int Slot { get; }

    /// <summary>Memory for the header of the reply.</summary>
    public byte* Header { get; }

    public NbdRequest Request { get; set; }

    /// <summary>Bios with memory, made so far.</summary>
    public int Bios { get; private set; }

    /// <summary>Bios submitted that have not ended, and 1 while more are to come.</summary>
    public int Pending { get; set; }

    /// <summary>The first error.</summary>
    public BlockStatus Status { get; set; }

    /// <summary>Bytes whose bios have been made.</summary>
    public long Covered { get; private set; }

    /// <summary>The stream's offset at which the reply has been sent.</summary>
    public long ReplyEnd { get; set; }

    /// <summary>Link of the list of replies on their way.</summary>
    public NbdServerCommand? Next { get; set; }

    public void Begin(NbdRequest request)
    {
        Request = request;
        Bios = 0;
        Covered = 0;
        Pending = 1;
        Status = BlockStatus.Ok;
    }

    public Bio BioAt(int index) => _bios[index]!;

    /// <summary>The next bio with its memory; null when there is no memory now.</summary>
    public Bio? TryAddBio(ClientMemory memory, BlockOperation operation, BioFlags flags)
    {
        int length = (int)Math.Min(Request.Length - Covered, MaxBio);
        byte* data = memory.TryAllocate(length);
        if (data is null) return null;
        Bio bio = NextBio(operation, flags, length);
        bio.Data = data;
        return bio;
    }

    /// <summary>The bio of a block status; without memory when there is none now.</summary>
    public Bio AddExtentsBio(ClientMemory memory)
    {
        Bio bio = AddBio(BlockOperation.Extents, BioFlags.None);
        bio.ExtentCount = 0;
        bio.Data = memory.TryAllocate(BufferPool.MinBuffer);
        return bio;
    }

    /// <summary>The only bio of a command without data.</summary>
    public Bio AddBio(BlockOperation operation, BioFlags flags)
    {
        Bio bio = NextBio(operation, flags, Request.Length);
        bio.Data = null;
        return bio;
    }

    /// <summary>Gives the memory of all bios back.</summary>
    public void FreeMemory(ClientMemory memory)
    {
        for (int i = 0; i < Bios; i++)
            if (_bios[i]!.Data is not null) memory.Free(_bios[i]!);
        Bios = 0;
        Covered = 0;
    }

    private Bio NextBio(BlockOperation operation, BioFlags flags, long length)
    {
        Bio bio = _bios[Bios] ??= new Bio(_owner) { Cookie = Slot, Client = _client };
        Bios++;
        bio.Operation = operation;
        bio.Flags = flags;
        bio.Offset = (long)Request.Offset + Covered;
        bio.Length = length;
        Covered += length;
        return bio;
    }
}
