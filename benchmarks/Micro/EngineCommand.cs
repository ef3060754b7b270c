// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Braid.Bench.Micro;

/// <summary>`./bench engine`: the engine alone, without sockets.</summary>
internal static class EngineCommand
{
    private const int IterationMs = 60;

    public static Command Create()
    {
        var quick = new Option<bool>("--quick")
        {
            Description = "Only what the goals speak of: each selector at 2, 16 and 128 paths.",
        };
        var iterations = new Option<int>("--iterations")
        {
            Description = "Measured iterations of each case.",
            DefaultValueFactory = _ => 15,
            HelpName = "N",
        };
        var markdown = new Option<string?>("--markdown")
        {
            Description = "Write the tables and the environment there.",
            HelpName = "FILE",
        };
        var json = new Option<string?>("--json")
        {
            Description = "Write the figures of the cases that --quick has there.",
            HelpName = "FILE",
        };
        var only = new Option<string?>("--only")
        {
            Description = "Only cases whose name contains this, as in round-robin-p2-rq.",
            HelpName = "TEXT",
        };
        var command = new Command("engine",
            "The engine's own path in this process, over paths that do nothing: submit, merge, "
            + "select, map, complete, end. Nanoseconds and allocated bytes for each bio.")
            { quick, iterations, only, markdown, json };
        command.SetAction(result => Run(
            result.GetValue(quick), result.GetValue(iterations), result.GetValue(only),
            result.GetValue(markdown), result.GetValue(json)));
        return command;
    }

    private static int Run(
        bool quick, int iterations, string? only, string? markdown, string? json)
    {
        string words = (quick ? " --quick" : "") + (only is null ? "" : $" --only {only}");
        var environment = BenchEnvironment.Describe($"./bench engine{words}", []);
        EngineBenchmarks.Cases =
        [
            .. (quick ? EngineCases.Quick : EngineCases.Full).Where(
                its => its.ToString().Contains(only ?? "", StringComparison.Ordinal)),
        ];
        if (EngineBenchmarks.Cases.Count == 0)
        {
            Console.Error.WriteLine(
                $"bench: --only {only}: no case has that in its name; one is round-robin-p2-rq");
            return 2;
        }
        Summary summary = BenchmarkRunner.Run<EngineBenchmarks>(Config(iterations));
        EngineResult[] results =
        [
            .. from its in EngineBenchmarks.Cases
               join result in summary.Reports.Select(EngineResult.Of) on its equals result.Case
               select result,
        ];
        string table = EngineReport.Write(results);
        Console.Write(table);
        if (markdown is not null)
            File.WriteAllText(markdown, new BenchPage(environment, table).Text);
        IEnumerable<EngineFigure> figures = results
            .Where(result => EngineCases.Quick.Contains(result.Case))
            .Select(result => result.ToFigure());
        if (json is not null) File.WriteAllText(json, EngineFigure.Write(figures));
        return 0;
    }

    /// <summary>
    /// In this process, with the settings that braid itself has: code is compiled as it would be
    /// there, in tiers and guided by what it has seen.
    /// </summary>
    private static ManualConfig Config(int iterations) => ManualConfig.CreateEmpty()
        .AddLogger(NullLogger.Instance)
        .AddDiagnoser(MemoryDiagnoser.Default)
        .WithOptions(ConfigOptions.DisableLogFile)
        .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "braid-bench-engine"))
        .AddJob(Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithUnrollFactor(1)
            .WithWarmupCount(10)
            .WithIterationCount(iterations)
            .WithIterationTime(TimeInterval.FromMilliseconds(IterationMs)));
}
