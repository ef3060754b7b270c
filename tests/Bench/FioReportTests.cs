// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

public sealed class FioReportTests
{
    private const long MixedIos = 8971;

    private static readonly TimeSpan Asked = TimeSpan.FromMilliseconds(200);

    private static FioReport Sample(string name) => FioReport.Parse(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Samples", name)));

    [Fact]
    public void A_report_behind_the_librarys_remarks_is_read()
    {
        FioReport report = Sample("fio-mixed.json");
        report.Error.ShouldBe(0);
        report.Ios.ShouldBe(MixedIos);
        report.Bytes.ShouldBe(MixedIos * 4096);
        report.RuntimeMs.ShouldBe(211);
        report.Iops.ShouldBe(report.Ios * 1000.0 / report.RuntimeMs, tolerance: 1);
        report.P50Us.ShouldBeLessThan(report.P99Us);
        report.P99Us.ShouldBeLessThanOrEqualTo(report.P999Us);
        report.Fault(Asked).ShouldBeNull();
    }

    [Fact]
    public void An_error_that_fio_met_is_a_fault()
    {
        Sample("fio-error.json").Fault(Asked).ShouldBe("fio reports error 5");
    }

    [Fact]
    public void A_run_that_ended_early_is_a_fault()
    {
        FioReport report = Sample("fio-mixed.json");
        report.Fault(TimeSpan.FromSeconds(1)).ShouldBe("a short run: 211 ms of 1000");
    }

    [Fact]
    public void Dropped_and_missing_IOs_are_faults()
    {
        FioReport report = Sample("fio-mixed.json");
        (report with { ShortIos = 3 }).Fault(Asked).ShouldBe("3 short or dropped I/Os");
        (report with { Ios = 0 }).Fault(Asked).ShouldBe("no I/O completed");
    }

    [Theory]
    [InlineData("")]
    [InlineData("fio: nothing happened")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{\"jobs\": []}")]
    [InlineData("{\"jobs\": 5}")]
    [InlineData("{\"jobs\": [{\"error\": 0}]}")]
    [InlineData("{\"jobs\": [{\"error\": \"none\", \"mixed\": {\"lat_ns\": {}}}]}")]
    public void What_is_no_report_is_said_to_be_none(string text)
    {
        Should.Throw<FormatException>(() => FioReport.Parse(text));
    }
}
