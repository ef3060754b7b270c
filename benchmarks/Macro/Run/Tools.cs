// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Braid.Bench.Macro;

/// <summary>The programs that a plan needs: that they are there, and which they are.</summary>
internal static class Tools
{
    /// <summary>Debian's package of each.</summary>
    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["fio"] = "fio",
        ["nbdkit"] = "nbdkit",
        ["qemu-nbd"] = "qemu-utils",
        ["perf"] = "linux-perf",
    };

    /// <summary>The launcher in a checkout may have to build first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Throws, with the package's name, when something is missing.</summary>
    public static async Task<IReadOnlyList<KeyValuePair<string, string>>> CheckAsync(
        NbdPlan plan, CancellationToken cancel)
    {
        IEnumerable<string> programs =
        [
            "fio", "nbdkit",
            .. plan.Contenders.Select(one => one.Command?.Program).OfType<string>(),
        ];
        if (plan.CountSystemCalls) programs = programs.Append("perf");
        IReadOnlyList<KeyValuePair<string, string>> versions =
            await CheckAsync(programs, cancel);
        await RequireNbdEngineAsync(cancel);
        return versions;
    }

    /// <summary>The same for programs by name.</summary>
    public static async Task<IReadOnlyList<KeyValuePair<string, string>>> CheckAsync(
        IEnumerable<string> programs, CancellationToken cancel)
    {
        var versions = new List<KeyValuePair<string, string>>();
        foreach (string program in programs.Distinct(StringComparer.Ordinal))
        {
            if (!IsThere(program)) throw new BenchException(Missing(program));
            string version = await VersionAsync(program, cancel);
            // The path says nothing to others, and two builds may bear one name.
            versions.Add(new(Path.GetFileName(program), version));
        }
        return versions;
    }

    private static string Missing(string program) =>
        Packages.TryGetValue(program, out string? package)
            ? $"{program} is missing: on Debian, apt install {package}"
            : $"there is no program {program}";

    private static bool IsThere(string program)
    {
        if (program.Contains('/')) return File.Exists(program);
        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        return directories.Where(directory => directory.Length > 0)
            .Any(directory => File.Exists(Path.Combine(directory, program)));
    }

    private static async Task<string> VersionAsync(string program, CancellationToken cancel)
    {
        (int status, string output) = await RunAsync(program, "--version", cancel);
        string line = output.Split('\n')[0].Trim();
        return status == 0 && line.Length > 0 ? line : $"unknown (--version gives status {status})";
    }

    private static async Task RequireNbdEngineAsync(CancellationToken cancel)
    {
        (int status, _) = await RunAsync("fio", "--enghelp=nbd", cancel);
        if (status != 0)
            throw new BenchException("this fio has no nbd engine: Debian's package fio has it");
    }

    private static async Task<(int Status, string Output)> RunAsync(
        string program, string argument, CancellationToken cancel)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timer.CancelAfter(Patience);
        var start = new ProcessStartInfo(program, [argument])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(timer.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(timer.Token);
            await process.WaitForExitAsync(timer.Token);
            await errors;
            return (process.ExitCode, await output);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new BenchException(
                $"{program} {argument} takes longer than {Patience.TotalMinutes} minutes");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
