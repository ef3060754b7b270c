// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Block;

namespace Braid.Cli;

/// <summary>When reads are sent on a second path, and how many.</summary>
internal sealed class HedgeReadsOptions
{
    private readonly Option<string?> _hedgeReads = new("--hedge-reads")
    {
        Description = "A read that has waited longer than this percentile of the reads of its "
            + "path, 50 to 99.9, is sent on a second path of the group; the first answer wins. "
            + "Default: never. Needs --queue-mode mq.",
        HelpName = "PERCENTILE",
    };

    private readonly Option<string?> _hedgeShare = new("--hedge-share")
    {
        Description = "At most so many of a hundred reads are sent twice, and a burst of 64. "
            + "Default: 5.",
        HelpName = "PERCENT",
    };

    public IEnumerable<Option> All => [_hedgeReads, _hedgeShare];

    /// <summary>Null for never.</summary>
    public HedgeOptions? Read(ParseResult parsed)
    {
        string? percentile = parsed.GetValue(_hedgeReads);
        string? share = parsed.GetValue(_hedgeShare);
        if (percentile is null)
            return share is null ? null : throw new UsageException(
                "--hedge-share is of no use without --hedge-reads");
        var hedging = new HedgeOptions
        {
            // The table of figures calls them p99 and p99.9.
            Percentile = OptionWords.Number(
                _hedgeReads.Name, percentile, percentile.TrimStart('p'),
                HedgeOptions.MinPercentile, HedgeOptions.MaxPercentile),
        };
        return share is null ? hedging : hedging with
        {
            SharePercent = OptionWords.Number(
                _hedgeShare.Name, share, share.TrimEnd('%'), HedgeOptions.MinSharePercent, 100),
        };
    }
}
