// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>I/Os that took long, by what they had to wait for.</summary>
internal sealed class Stalls
{
    /// <summary>Between the loss of a path and the line that tells of it.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);

    private readonly IReadOnlyList<TimedIo> _slow;
    private readonly IReadOnlyList<Outage> _outages;
    private readonly TimeSpan _ioTimeout;

    /// <summary>
    /// Writes that a path may have left unanswered, each with the time when it was given up. Their
    /// retries go out at once: most of them have not taken long.
    /// </summary>
    private readonly (TimedIo Write, TimeSpan GivenUp)[] _stale;

    /// <param name="log">Of all I/Os.</param>
    /// <param name="losses">When Braid told that a path was lost.</param>
    /// <param name="outages">When no path worked.</param>
    /// <param name="options">Of the run.</param>
    public Stalls(
        IoLog log, IEnumerable<TimeSpan> losses, IReadOnlyList<Outage> outages,
        ChaosOptions options)
    {
        _slow = log.SlowOnes;
        _outages = outages;
        _ioTimeout = options.IoTimeout;
        _stale = options.Guard == "off" ? [] :
        [
            .. from loss in losses
               from io in log.UnderWayAt(loss, Slack)
               where io.What == "write"
               select (io, loss),
            // On a loop of which the log does not tell, or a second time.
            .. from io in _slow
               where io.What == "write" && io.Time >= options.IoTimeout
               select (io, io.Ended),
        ];
    }

    public IEnumerable<TimedIo> InOutage => _slow.Where(IsInOutage);

    /// <summary>How long such a one went on when a path worked again.</summary>
    public TimeSpan AfterOutage(TimedIo io) =>
        io.Ended - _outages.Where(outage => Overlaps(io, outage)).Max(outage => outage.Ended);

    /// <summary>Writes that may have waited for the quiesce time of another.</summary>
    public IEnumerable<TimedIo> Held => _slow.Where(io => !IsInOutage(io) && MayBeHeld(io));

    /// <summary>Those to which the I/O timeout alone applies: all others.</summary>
    public IEnumerable<TimedIo> Free => _slow.Where(io => !IsInOutage(io) && !MayBeHeld(io));

    private bool IsInOutage(TimedIo io) => _outages.Any(outage => Overlaps(io, outage));

    private static bool Overlaps(TimedIo io, Outage outage) =>
        io.Began < outage.Ended && io.Ended > outage.Began;

    /// <summary>
    /// The quiesce time is the I/O timeout again, and counts from when a write was given up.
    /// </summary>
    private bool MayBeHeld(TimedIo io) => _stale.Any(stale => io != stale.Write
        && io.Began < stale.GivenUp + _ioTimeout && io.Ended > stale.GivenUp
        && io.IsNear(stale.Write));
}
