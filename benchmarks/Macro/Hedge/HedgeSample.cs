// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>One run of a setting.</summary>
/// <param name="Fio">What fio saw.</param>
/// <param name="Sent">Reads that Braid sent twice meanwhile.</param>
/// <param name="Won">Of these, answered by the second path.</param>
/// <param name="Denied">Reads that were due and for which no share was left.</param>
internal sealed record HedgeSample(FioReport Fio, long Sent, long Won, long Denied)
{
    /// <summary>Reads sent twice, of a hundred.</summary>
    public double ExtraPercent => 100.0 * Sent / Fio.Ios;
}

/// <summary>A setting and its samples, one for each round.</summary>
internal sealed record HedgeResult(HedgeSetting Setting, IReadOnlyList<HedgeSample> Samples);
