// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Transports.Memory;

namespace Braid.Scenario;

/// <summary>
/// Executes I/O on the bytes of a disk. Requests are not held against its end, as in the kernel,
/// where a map may have been shortened above them: beyond it nothing is stored.
/// </summary>
internal sealed unsafe class DiskMemory(MemoryStore store)
{
    public void Execute(Request request)
    {
        long offset = request.Offset;
        if (request.Operation is BlockOperation.Discard or BlockOperation.WriteZeroes)
        {
            Zero(offset, request.Length);
            return;
        }
        for (Bio? bio = request.FirstBio; bio is not null && bio.HasData; bio = bio.Next)
        {
            Copy(offset, bio.Cursor, bio.Left, request.IsWrite);
            offset += bio.Left;
        }
    }

    public void Execute(Bio bio)
    {
        if (bio.Operation is BlockOperation.Discard or BlockOperation.WriteZeroes)
            Zero(bio.Offset, bio.Length);
        else if (bio.HasData)
            Copy(bio.Offset, bio.Data, bio.Length, bio.IsWrite);
    }

    private void Copy(long offset, byte* memory, long length, bool write)
    {
        long inside = Inside(offset, length);
        byte* stored = store.At(offset);
        if (write) Buffer.MemoryCopy(memory, stored, inside, inside);
        else Buffer.MemoryCopy(stored, memory, inside, inside);
        if (!write) new Span<byte>(memory + inside, (int)(length - inside)).Clear();
    }

    private void Zero(long offset, long length) =>
        new Span<byte>(store.At(offset), (int)Inside(offset, length)).Clear();

    private long Inside(long offset, long length) =>
        Math.Clamp(store.SizeBytes - offset, 0, length);
}
