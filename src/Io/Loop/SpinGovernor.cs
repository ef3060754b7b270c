// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// Says when a loop should poll for a moment before it sleeps: only while the decayed maximum of
/// I/Os in flight is 2 or less. Depth 1 goes from .78 to .97 of a direct connection that way; at
/// depth 32 spinning would cost 23 %, and the momentary count in place of the maximum 20 %.
/// </summary>
internal sealed class SpinGovernor
{
    /// <summary>How long a loop polls before it sleeps.</summary>
    public const long SpinNs = 20_000;

    private const float QuietPeak = 2.5f;
    private const float Decay = 0.98f;

    private float _peak;
    private int _turnPeak;

    public int InFlight { get; private set; }

    public bool ShouldSpin => _peak <= QuietPeak && _active;

    private bool _active;

    public void Started()
    {
        if (++InFlight > _turnPeak) _turnPeak = InFlight;
    }

    public void Ended() => InFlight--;

    /// <summary>Ends a turn; a turn without events ends the polling until the next I/O.</summary>
    public void EndTurn(bool sawEvents)
    {
        _peak = Math.Max(_turnPeak, _peak * Decay);
        _active = sawEvents && _peak > 0.01f;
        _turnPeak = InFlight;
    }
}
