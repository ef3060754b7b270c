// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// The operations of one loop by the numbers that the kernel knows them by. Loop's thread only.
/// </summary>
internal sealed class UringTable
{
    private readonly Stack<int> _free = new();
    private UringOperation?[] _slots = new UringOperation?[64];

    /// <summary>Slots that have been used so far.</summary>
    public int Count { get; private set; }

    public UringOperation? this[int slot] => _slots[slot];

    public void Add(UringOperation operation)
    {
        Invariant.That(operation.Slot < 0);
        if (!_free.TryPop(out int slot)) slot = Count++;
        if (slot == _slots.Length) Array.Resize(ref _slots, slot * 2);
        _slots[slot] = operation;
        operation.Slot = slot;
    }

    public void Remove(UringOperation operation)
    {
        _slots[operation.Slot] = null;
        _free.Push(operation.Slot);
        operation.Slot = -1;
    }
}
