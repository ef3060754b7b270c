// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// A one-shot timer on a loop's clock. Owned by whoever made it with
/// <see cref="IoLoop.CreateTimer"/>; used on the loop's thread only. Arming allocates nothing.
/// </summary>
public sealed class LoopTimer
{
    internal const int NotQueued = -1;

    private readonly IoLoop _loop;

    internal LoopTimer(IoLoop loop, Action callback)
    {
        _loop = loop;
        Callback = callback;
    }

    /// <summary>
    /// When it fires, on <see cref="IoLoop.NowNs"/>'s clock; meaningful while armed.
    /// </summary>
    public long DueNs { get; internal set; }

    /// <summary>True from <see cref="Arm"/> until it fires or is cancelled.</summary>
    public bool IsArmed => HeapIndex != NotQueued;

    internal Action Callback { get; }

    internal int HeapIndex { get; set; } = NotQueued;

    internal long Sequence { get; set; }

    /// <summary>Fires once, <paramref name="delayNs"/> from now; an armed timer is moved.</summary>
    public void Arm(long delayNs) => _loop.Timers.Arm(this, _loop.NowNs + Math.Max(0, delayNs));

    /// <summary>Takes the timer back; nothing happens if it is not armed.</summary>
    public void Cancel() => _loop.Timers.Cancel(this);
}
