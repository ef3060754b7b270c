// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// Says when a loop should poll for a moment before it sleeps: only while the decayed maximum of
/// I/Os in flight is 4 or less. With more there is work in each turn anyhow, and others want the
/// processor; the momentary count is small now and then at any depth.
/// </summary>
internal sealed class SpinGovernor
{
    /// <summary>The least time that a loop polls before it sleeps.</summary>
    public const long LeastSpinNs = 20_000;

    /// <summary>The most: what would take longer is waited for asleep.</summary>
    public const long MostSpinNs = 120_000;

    /// <summary>
    /// What is worth polling for, with the wake-up that a wait may have ended with.
    /// </summary>
    private const long ShortNs = 100_000;

    /// <summary>
    /// So many of the waits have to be short: a client that makes a pause after each I/O is not
    /// polled for, though its paths are fast.
    /// </summary>
    private const float MostlyShort = 0.75f;

    /// <summary>A wait counts for one part in so many of the average.</summary>
    private const int Inertia = 8;

    private const float QuietPeak = 4.5f;
    private const float Decay = 0.98f;

    private long _shortNs;
    private float _shortShare;
    private float _peak;
    private int _turnPeak;

    public int InFlight { get; private set; }

    /// <summary>
    /// How long a loop polls before it sleeps: twice the short waits of late, so that it meets the
    /// answer of a fast peer on a slow machine. A wait that ended asleep is longer by the wake-up:
    /// one that is too long by that alone must not end the polling for good.
    /// </summary>
    public long SpinNs => _shortShare >= MostlyShort
        ? Math.Clamp(2 * _shortNs, LeastSpinNs, MostSpinNs)
        : LeastSpinNs;

    public bool ShouldSpin => _peak <= QuietPeak && _active;

    private bool _active;

    public void Started()
    {
        if (++InFlight > _turnPeak) _turnPeak = InFlight;
    }

    public void Ended() => InFlight--;

    /// <summary>So long it took from one turn to the event that began the next.</summary>
    public void Waited(long ns)
    {
        bool isShort = ns <= ShortNs;
        _shortShare += ((isShort ? 1 : 0) - _shortShare) / Inertia;
        if (isShort) _shortNs += (ns - _shortNs) / Inertia;
    }

    /// <summary>Ends a turn; a turn without events ends the polling until the next I/O.</summary>
    public void EndTurn(bool sawEvents)
    {
        _peak = Math.Max(_turnPeak, _peak * Decay);
        _active = sawEvents && _peak > 0.01f;
        _turnPeak = InFlight;
    }
}
