// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>What one kind of fault on one of two paths did.</summary>
/// <param name="Kind">The fault.</param>
/// <param name="Free">The longest I/O over both paths.</param>
/// <param name="Held">The longest write that may have waited for another's copy.</param>
/// <param name="Before">Of I/Os to the other path alone, the shortest first.</param>
/// <param name="During">The same while the fault lasted.</param>
internal sealed record StallRow(
    FaultKind Kind, TimeSpan Free, TimeSpan Held, TimeSpan[] Before, TimeSpan[] During)
{
    /// <summary>More than this is seen: the machine itself is not quieter.</summary>
    private static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(10);

    /// <summary>The other path's p99 does not show that anything was wrong.</summary>
    public bool IsUndisturbed => Share(During, 0.99) <= (2 * Share(Before, 0.99)) + Noise;

    public static TimeSpan Share(TimeSpan[] times, double share) =>
        times.Length == 0 ? TimeSpan.Zero : times[(int)(share * (times.Length - 1))];
}
