// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Transports.Memory;

/// <summary>
/// Bytes in memory that several paths reach: `mem:NAME`. Zero at first; a page costs nothing until
/// it is written. Threads: paths on several loops may copy at once, as with any shared disk.
/// </summary>
public sealed unsafe class MemoryStore : IDisposable
{
    private byte* _bytes;

    /// <param name="name">As the URI names it.</param>
    /// <param name="sizeBytes">1 up to what the machine maps.</param>
    public MemoryStore(string name, long sizeBytes)
    {
        Name = name;
        SizeBytes = sizeBytes;
        _bytes = (byte*)NativeMemory.AllocZeroed((nuint)sizeBytes);
    }

    public string Name { get; }

    public long SizeBytes { get; }

    /// <summary>Where an offset is; the caller keeps within the size.</summary>
    public byte* At(long offset) => _bytes + offset;

    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
    }
}
