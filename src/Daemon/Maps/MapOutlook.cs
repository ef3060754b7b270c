// SPDX-License-Identifier: Apache-2.0
namespace Braid.Daemon;

/// <summary>What the next resume of a map would do, on one loop.</summary>
/// <param name="IsSuspended">No I/O is at its targets.</param>
/// <param name="Inactive">The table that would go live; null for none.</param>
/// <param name="Problem">Why that cannot be live; null when it can.</param>
/// <param name="Objection">What was promised that it would break; null for nothing.</param>
internal sealed record MapOutlook(
    bool IsSuspended, string? Inactive, string? Problem, string? Objection);
