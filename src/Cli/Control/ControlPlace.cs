// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Daemon;
using Microsoft.Extensions.Logging;

namespace Braid.Cli;

/// <summary>
/// Where control sockets are: where --control or BRAID_CONTROL says, or in a folder that is only
/// its owner's. Never in one where others may write.
/// </summary>
internal static class ControlPlace
{
    private const string Variable = "BRAID_CONTROL";
    private const string None = "none";
    private const string Extension = ".sock";

    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static Option<string?> CreateOption(string description) => new("--control")
    {
        Description = $"{description} Also by {Variable}.",
        HelpName = "PATH",
    };

    /// <summary>
    /// The socket that `run` opens; null for none. Without a folder for it the map is served all
    /// the same: who asked for nothing is not refused for it.
    /// </summary>
    /// <param name="given">By the option.</param>
    /// <param name="name">Of the map.</param>
    /// <param name="logger">Hears of a folder that cannot be had.</param>
    public static string? ForRun(string? given, string name, ILogger logger)
    {
        if (Given(given) is { } path) return path == None ? null : Path.GetFullPath(path);
        if (DefaultFolder() is not { } folder) return null;
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly);
            // It may have been there before; one that is somebody else's cannot be changed.
            File.SetUnixFileMode(folder, OwnerOnly);
            return Path.Combine(folder, name + Extension);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(
                "no control socket: {Problem}; choose a place with --control", error.Message);
            return null;
        }
    }

    /// <summary>The socket of the braid that is meant.</summary>
    /// <exception cref="UsageException">There are several.</exception>
    /// <exception cref="ControlException">There is none.</exception>
    public static async Task<string> FindAsync(string? given, CancellationToken cancel)
    {
        if (Given(given) is { } path)
            return path == None
                ? throw new UsageException("there is no control socket to ask: give --control PATH")
                : Path.GetFullPath(path);
        string folder = DefaultFolder() ?? "any folder";
        string[] found = Directory.Exists(folder)
            ? Directory.GetFiles(folder, "*" + Extension)
            : [];
        if (found.Length > 1) found = await ControlClient.FindLiveAsync(found, cancel);
        if (found.Length == 1) return found[0];
        if (found.Length == 0)
            throw new ControlException(
                $"no braid has a control socket in {folder}; give --control PATH");
        Array.Sort(found, StringComparer.Ordinal);
        throw new UsageException(
            $"several braids run: choose one with --control {string.Join(" or ", found)}");
    }

    private static string? Given(string? option) =>
        option ?? (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path
            ? path
            : null);

    /// <summary>Null where there is no safe place.</summary>
    private static string? DefaultFolder()
    {
        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        if (Path.IsPathRooted(runtime)) return Path.Combine(runtime, "braid");
        if (Environment.IsPrivilegedProcess) return "/run/braid";
        string? home = Environment.GetEnvironmentVariable("HOME");
        return Path.IsPathRooted(home) ? Path.Combine(home, ".local/state/braid") : null;
    }
}
