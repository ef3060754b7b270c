// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>I/Os that took long, by what they had to wait for.</summary>
internal sealed class Stalls(
    IReadOnlyList<TimedIo> slow, IReadOnlyList<Outage> outages, ChaosOptions options)
{
    public IEnumerable<TimedIo> InOutage => slow.Where(IsInOutage);

    /// <summary>Writes that may have waited for the quiesce time of another.</summary>
    public IEnumerable<TimedIo> Held => slow.Where(io => !IsInOutage(io) && MayBeHeld(io));

    /// <summary>Those to which the I/O timeout alone applies: all others.</summary>
    public IEnumerable<TimedIo> Free => slow.Where(io => !IsInOutage(io) && !MayBeHeld(io));

    private bool IsInOutage(TimedIo io) =>
        outages.Any(outage => io.Began < outage.Ended && io.Ended > outage.Began);

    private bool MayBeHeld(TimedIo io) => options.Guard != "off"
        && slow.Any(other => io.MayHaveWaitedFor(other, options.IoTimeout));
}
