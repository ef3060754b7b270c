// SPDX-License-Identifier: Apache-2.0
using System.ComponentModel;
using System.Diagnostics;

namespace Braid.Tests.Unit.Tidy;

/// <summary>The project's own files: tracked by git, or new and not ignored.</summary>
internal static class Repository
{
    /// <summary>What a copy without git is searched without.</summary>
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        ".git", ".vs", "artifacts", "bin", "obj", "TestResults", "BenchmarkDotNet.Artifacts",
    };

    private static readonly Lazy<SourceFile[]> All = new(ReadAll);

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> Files => All.Value;

    public static IEnumerable<SourceFile> CSharp => Files.Where(file => file.IsCSharp);

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Braid.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests run outside the project");
    }

    private static SourceFile[] ReadAll() =>
        [.. (GitFiles() ?? Walk("")).Distinct().Where(IsFile).Order(StringComparer.Ordinal)
            .Select(Read)];

    private static bool IsFile(string path) => File.Exists(Path.Combine(Root, path));

    private static SourceFile Read(string path)
    {
        string text = File.ReadAllText(Path.Combine(Root, path));
        return new SourceFile(path, text.Contains('\0') ? "" : text);
    }

    /// <summary>Null where there is no git, or none that likes this copy.</summary>
    private static string[]? GitFiles()
    {
        if (!Path.Exists(Path.Combine(Root, ".git"))) return null;
        try
        {
            return AskGit();
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string[]? AskGit()
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            ArgumentList = { "ls-files", "-z", "--cached", "--others", "--exclude-standard" },
        };
        using Process git = Process.Start(start)!;
        string paths = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0
            ? paths.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : null;
    }

    private static IEnumerable<string> Walk(string folder)
    {
        var here = new DirectoryInfo(Path.Combine(Root, folder));
        foreach (FileInfo file in here.EnumerateFiles())
            yield return Path.Combine(folder, file.Name);
        foreach (DirectoryInfo child in here.EnumerateDirectories())
        {
            if (Ignored.Contains(child.Name)) continue;
            foreach (string path in Walk(Path.Combine(folder, child.Name))) yield return path;
        }
    }
}
