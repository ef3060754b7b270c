// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>`./bench file`: Braid over a file, beside other servers of it and fio itself.</summary>
internal static class FileCommand
{
    public static Command Create()
    {
        var options = new FileOptions();
        var command = new Command("file",
            "fio through Braid over a raw file, by io_uring and by epoll with threads, through "
            + "qemu-nbd and nbdkit file, and on the file itself, which every ratio is taken to; "
            + "through the page cache and with O_DIRECT. Exit status 1 when a run failed.");
        foreach (Option option in options.All) command.Options.Add(option);
        command.SetAction((result, cancel) => NbdCommand.GuardAsync(
            () => RunAsync(options, options.ToPlan(result), result, cancel)));
        return command;
    }

    private static async Task<int> RunAsync(
        FileOptions options, NbdPlan plan, ParseResult result, CancellationToken cancel)
    {
        if (result.GetValue(options.List))
        {
            PlanList.Write(plan, Console.Out);
            return 0;
        }
        BenchReport report = await NbdCommand.ReportAsync(
            plan, ["./bench", .. options.MeasuringTokens(result)], cancel);
        await BenchPage.WriteAsync(
            result.GetValue(options.Markdown), () => MarkdownReport.Write(report));
        await BenchPage.WriteAsync(
            result.GetValue(options.Json), () => JsonReport.Write(report));
        return report.HasFailures ? 1 : 0;
    }
}
