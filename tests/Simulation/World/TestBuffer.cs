// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>I/O memory of a test, so that tests themselves need no pointers.</summary>
internal sealed unsafe class TestBuffer(int length) : IDisposable
{
    private readonly byte* _data = (byte*)NativeMemory.AllocZeroed((nuint)length);

    public Span<byte> Bytes => new(_data, length);

    /// <summary>Has a bio read into, or write from, this memory.</summary>
    public void AttachTo(Bio bio) => bio.Data = _data;

    public void Dispose() => NativeMemory.Free(_data);
}
