// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What is measured side by side: a selector, and when reads are hedged.</summary>
/// <param name="Selector">As `braid run` takes it, with no arguments of its own.</param>
/// <param name="Percentile">Of --hedge-reads; null for none.</param>
/// <param name="Share">Of --hedge-share, in percent.</param>
internal sealed record HedgeSetting(string Selector, string? Percentile, double Share)
{
    private static readonly string[] Selectors = ["round-robin", "service-time"];

    public bool IsHedged => Percentile is not null;

    public string Name => Percentile is null ? "off" : Format($"{Percentile}, {Share} %");

    public IEnumerable<string> Arguments =>
    [
        "--selector", $"{Selector} 0",
        .. Percentile is null
            ? (string[])[]
            : ["--hedge-reads", Percentile, "--hedge-share", Format($"{Share}")],
    ];

    /// <summary>Each selector without hedges, and with each share.</summary>
    public static IReadOnlyList<HedgeSetting> All(string percentile, IEnumerable<double> shares) =>
    [
        .. from selector in Selectors
           from setting in (HedgeSetting[])
           [
               new(selector, null, 0),
               .. shares.Select(share => new HedgeSetting(selector, percentile, share)),
           ]
           select setting,
    ];

    private static string Format(FormattableString text) =>
        text.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
