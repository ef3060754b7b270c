// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// How many reads may still be sent twice: a bucket that each read sent puts its share into, and
/// each hedge takes a whole one out of. Full at first.
/// </summary>
internal sealed class HedgeShare
{
    private const long One = 1_000_000;
    private const long Full = HedgeOptions.Burst * One;

    private readonly long _perRead;
    private long _saved = Full;

    /// <param name="percent">Over 0, up to 100.</param>
    public HedgeShare(double percent) => _perRead = (long)(percent / 100 * One);

    public bool IsSpent => _saved < One;

    public void Earn() => _saved = Math.Min(Full, _saved + _perRead);

    public void Spend() => _saved -= One;
}
