// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// What is true of a path, beside what Braid thinks of it. The promise of a bounded stall is one
/// about a single hang: an I/O that goes from one hanging path to the next may wait for both. So a
/// path is suspect from the moment it may hold up an I/O without anybody's knowledge, and no other
/// one is made to hang meanwhile. On the director's task.
/// </summary>
internal sealed class PathHealth(
    ChaosPath path, MapView view, PathLosses losses, TimeSpan ioTimeout)
{
    /// <summary>After a hang: by then every I/O that was caught in it has been given up.</summary>
    private readonly TimeSpan _after = ioTimeout + TimeSpan.FromMilliseconds(100);

    private FaultKind? _hang;
    private TimeSpan _hangBegan;
    private TimeSpan _ended;

    public ChaosPath Path => path;

    /// <summary>The fault that it has now.</summary>
    public FaultKind? Fault { get; private set; }

    /// <summary>An I/O that is sent there may wait.</summary>
    public bool IsSuspect
    {
        get
        {
            if (_hang is not { } hang) return false;
            if (Fault is null && ChaosClock.Now > _ended + _after) return false;
            // One that lets I/O begin again and again is never known.
            return hang is FaultKind.Trap or FaultKind.Slow || KnownSince is null;
        }
    }

    /// <summary>
    /// Writes may still wait for the copies of others that a hang has left behind.
    /// </summary>
    public bool IsSettling => IsSuspect
        || (KnownSince is { } known && ChaosClock.Now < known + _after);

    /// <summary>
    /// It has run long enough since its last fault to have done what it was sent before: one pause
    /// right behind another is one that is longer than the guard promises.
    /// </summary>
    public bool HasDrained => Fault is null && (_hang is null || ChaosClock.Now > _ended + _after);

    /// <summary>I/O that is sent there is served, and Braid is able to send it.</summary>
    public bool Works => Fault is null && !IsSuspect && Seen.IsUp && Seen.Asked > _ended;

    public bool TakesIo => Works && Seen.IsActive;

    /// <summary>
    /// When Braid had given the path up in its last hang. That it takes no I/O says nothing: it may
    /// rest, and be used as soon as no other is left.
    /// </summary>
    private TimeSpan? KnownSince =>
        _hang is null ? null : losses.After(path.Name, _hangBegan);

    private PathView Seen => view.Of(path.Name);

    public static bool Hangs(FaultKind kind) => kind is FaultKind.ShortPause
        or FaultKind.LongPause or FaultKind.Cut or FaultKind.Slow or FaultKind.Trap;

    public void Begin(FaultKind kind)
    {
        Fault = kind;
        _hang = Hangs(kind) ? kind : null;
        _hangBegan = ChaosClock.Now;
    }

    public void End()
    {
        Fault = null;
        _ended = ChaosClock.Now;
    }
}
