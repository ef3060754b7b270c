// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text.RegularExpressions;

namespace Braid.Bench.Macro;

/// <summary>
/// A contender's command line with placeholders. `{paths}`, `{nbdkit-listen}`, `{qemu-listen}`
/// and `{qemu-cache}` stand for several words and must be words of their own; the others stand
/// inside words too.
/// </summary>
internal sealed class CommandTemplate
{
    public const string Placeholders =
        "{server} {server0} {server1}... {paths} {out} {nbdkit-listen} {qemu-listen} {stats} "
        + "{file} {qemu-cache}";

    private static readonly Regex Placeholder =
        new(@"\{(?<name>[a-z][-a-z0-9]*)\}", RegexOptions.NonBacktracking);

    private static readonly Regex NumberedServer =
        new(@"\{server[0-9]+\}", RegexOptions.NonBacktracking);

    private readonly IReadOnlyList<string> _words;

    public CommandTemplate(IReadOnlyList<string> words)
    {
        if (words.Count == 0) throw new BenchException("a contender's command is empty");
        foreach (Match match in words.SelectMany(word => Placeholder.Matches(word)))
        {
            if (!IsKnown(match.Groups["name"].Value))
                throw new BenchException($"unknown {match.Value}, known are {Placeholders}");
        }
        _words = words;
    }

    /// <summary>Whether the process writes its own counters where the benchmark asks.</summary>
    public bool HasStats => Uses("{stats}");

    /// <summary>Whether the command differs with the number of paths.</summary>
    public bool DependsOnPaths => _words.Any(
        word => word.Contains("{paths}", StringComparison.Ordinal)
            || NumberedServer.IsMatch(word));

    public string Program => _words[0];

    public IReadOnlyList<string> Expand(TemplateValues values) =>
        [.. _words.SelectMany(word => ExpandWord(word, values))];

    public override string ToString() => CommandWords.Join(_words);

    private bool Uses(string placeholder) =>
        _words.Any(word => word.Contains(placeholder, StringComparison.Ordinal));

    private static bool IsKnown(string name) =>
        name is "server" or "paths" or "out" or "nbdkit-listen" or "qemu-listen" or "stats"
            or "file" or "qemu-cache"
        || NumberedServer.IsMatch($"{{{name}}}");

    private static IEnumerable<string> ExpandWord(string word, TemplateValues values) => word switch
    {
        "{paths}" => values.Servers.SelectMany(uri => new[] { "--path", uri }),
        "{nbdkit-listen}" => values.Out.NbdkitListen,
        "{qemu-listen}" => values.Out.QemuListen,
        "{qemu-cache}" => FileUri.Of(values.Servers[0]).QemuCache,
        _ => [Placeholder.Replace(word, match => Value(match.Groups["name"].Value, values))],
    };

    private static string Value(string name, TemplateValues values) => name switch
    {
        "server" => values.Servers[0],
        "file" => FileUri.Of(values.Servers[0]).Path,
        "out" => values.Out.Uri,
        "stats" => values.StatsFile,
        _ when NumberedServer.IsMatch($"{{{name}}}") => Numbered(name, values),
        _ => throw new BenchException($"{{{name}}} must be a word of its own"),
    };

    private static string Numbered(string name, TemplateValues values)
    {
        int index = int.Parse(name.AsSpan("server".Length), CultureInfo.InvariantCulture);
        return index < values.Servers.Count
            ? values.Servers[index]
            : throw new BenchException($"{{{name}}}: the cell has {values.Servers.Count} paths");
    }
}

/// <summary>What a template's placeholders stand for.</summary>
/// <param name="Servers">URI of each path, in order.</param>
/// <param name="Out">Where the contender must listen.</param>
/// <param name="StatsFile">Where it may write its counters.</param>
internal sealed record TemplateValues(
    IReadOnlyList<string> Servers, NbdAddress Out, string StatsFile);
