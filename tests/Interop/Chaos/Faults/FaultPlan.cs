// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>A fault that is to come.</summary>
/// <param name="Kind">What.</param>
/// <param name="Wishes">On which path: the first one that may have it.</param>
/// <param name="Time">For how long.</param>
/// <param name="Gap">From it to the next.</param>
internal sealed record PlannedFault(
    FaultKind Kind, IReadOnlyList<ChaosPath> Wishes, TimeSpan Time, TimeSpan Gap);

/// <summary>Faults at random; the same seed gives the same ones in the same order.</summary>
internal sealed class FaultPlan(
    int seed, IReadOnlyList<ChaosPath> paths, TimeSpan ioTimeout, IReadOnlyList<FaultKind> kinds)
{
    private readonly Random _random = new(seed);

    /// <summary>How often each comes up, and for how long, in parts of the I/O timeout.</summary>
    private static readonly Dictionary<FaultKind, (int Weight, double Min, double Max)> Shapes =
        new()
        {
            [FaultKind.Kill] = (6, 0.01, 2),
            [FaultKind.ShortPause] = (3, 0.05, 0.7),
            // A server that stops for longer than the I/O timeout and the quiesce time, which is as
            // long, would do old writes when it goes on: the guard does not promise more.
            [FaultKind.LongPause] = (4, 1.2, 1.8),
            [FaultKind.Cut] = (4, 0.3, 2.5),
            [FaultKind.Slow] = (3, 0.4, 1.2),
            [FaultKind.Reset] = (4, 0.02, 0.2),
            [FaultKind.Mute] = (3, 0.5, 2.5),
            [FaultKind.Deaf] = (3, 0.5, 2.5),
            [FaultKind.Trap] = (2, 0.5, 2.5),
            [FaultKind.Restarts] = (3, 0.01, 0.3),
            [FaultKind.AllDown] = (1, 0.3, 1.5),
        };

    public PlannedFault Next()
    {
        FaultKind kind = NextKind();
        (_, double min, double max) = Shapes[kind];
        return new PlannedFault(
            kind, Shuffled(), ioTimeout * (min + (_random.NextDouble() * (max - min))),
            TimeSpan.FromSeconds(0.2 + (1.6 * _random.NextDouble())));
    }

    private FaultKind NextKind()
    {
        int left = _random.Next(kinds.Sum(kind => Shapes[kind].Weight));
        return kinds.First(kind => (left -= Shapes[kind].Weight) < 0);
    }

    private ChaosPath[] Shuffled()
    {
        ChaosPath[] all = [.. paths];
        _random.Shuffle(all);
        return all;
    }
}
