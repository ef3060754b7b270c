// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>Operations in the order of their coming; memory is kept. Loop's thread only.</summary>
internal sealed class UringList
{
    private UringOperation[] _operations = new UringOperation[64];

    public int Count { get; private set; }

    public UringOperation this[int index] => _operations[index];

    public void Add(UringOperation operation)
    {
        if (Count == _operations.Length) Array.Resize(ref _operations, Count * 2);
        _operations[Count++] = operation;
    }

    public void Clear()
    {
        Array.Clear(_operations, 0, Count);
        Count = 0;
    }
}
