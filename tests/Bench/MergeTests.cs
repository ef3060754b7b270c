// SPDX-License-Identifier: Apache-2.0
using System.Xml.Linq;
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

/// <summary>What `./bench merge` makes of its samples.</summary>
public sealed class MergeTests
{
    private static readonly MergeStream Stream = MergeStream.All[0];

    private static readonly IReadOnlyList<MergeResult> Results =
    [
        new(Stream, "bio", [Sample(2, 256), Sample(4, 256), Sample(2, 256)]),
        new(Stream, "mq", [Sample(1, 2), Sample(1, 2), Sample(0.5, 4)]),
    ];

    [Fact]
    public void Requests_are_those_of_one_burst_on_each_path()
    {
        MergeReport.RequestsPerBurst(Results[0], 0).ShouldBe(128);
        MergeReport.RequestsPerBurst(Results[1], 1).ShouldBe(1);
    }

    [Fact]
    public void A_row_has_the_size_of_a_request_and_the_ratio_to_bio_round_by_round()
    {
        string[] rows = MergeReport.Write(Results).Split('\n');
        rows[2].ShouldStartWith("| plugged | bio ");
        rows[2].ShouldContain("| 4.00 ");
        rows[3].ShouldContain("| 512 ");
        rows[3].TrimEnd().ShouldEndWith("4.00 (2.00–4.00) |");
    }

    [Fact]
    public void The_plot_is_svg_with_a_bar_for_each_mode()
    {
        XElement svg = XElement.Parse(MergeChart.Write(Results, "here & now"));
        svg.Descendants().Count(one => (string?)one.Attribute("class") is "p0" or "s0").ShouldBe(2);
        svg.ToString().ShouldContain("256 writes in 2.00 requests");
    }

    /// <summary>
    /// Ten bursts in so many seconds, each so many requests on both paths together.
    /// </summary>
    private static MergeSample Sample(double seconds, int requests) => new(
        seconds, 10, [requests * 5, requests * 5], 10L * Stream.Writes * MergeStream.WriteBytes);
}
