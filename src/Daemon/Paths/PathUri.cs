// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Wire.Nbd;

namespace Braid.Daemon;

/// <summary>
/// Where a path leads: the transport and its address, read from a URI or a plain path.
/// </summary>
public abstract record PathUri
{
    /// <summary>Reads a path's URI.</summary>
    /// <exception cref="UriException">It is none; the message says what is wrong.</exception>
    public static PathUri Parse(string text)
    {
        if (NbdUri.IsNbd(text)) return new NbdPathUri(NbdUri.Parse(text));
        if (text.StartsWith("mem:", StringComparison.Ordinal)) return MemoryPathUri.Read(text);
        if (text.StartsWith("file://", StringComparison.Ordinal)) return FilePathUri.Read(text);
        if (text.StartsWith('/') || IsRelative(text)) return FilePathUri.Plain(text);
        throw new UriException(
            $"{text}: unknown kind of path; known are nbd://HOST[:PORT]/EXPORT, "
            + "nbd+unix:///EXPORT?socket=PATH, file:///PATH, /PATH, ./PATH, mem:NAME?size=SIZE");
    }

    private static bool IsRelative(string text) =>
        text.StartsWith("./", StringComparison.Ordinal)
        || text.StartsWith("../", StringComparison.Ordinal);
}

/// <summary>An NBD server.</summary>
public sealed record NbdPathUri(NbdUri Nbd) : PathUri;

/// <summary>A file or block device.</summary>
/// <param name="Path">Absolute, or relative to the current folder.</param>
/// <param name="Direct">With O_DIRECT.</param>
public sealed record FilePathUri(string Path, bool Direct) : PathUri
{
    internal static FilePathUri Read(string text)
    {
        (string place, IReadOnlyDictionary<string, string> query) = UriQuery.Split(text, "direct");
        string path = Uri.UnescapeDataString(place["file://".Length..]);
        if (!path.StartsWith('/'))
            throw new UriException($"{text}: a file URI has no host, write file:///PATH");
        string direct = query.GetValueOrDefault("direct", "0");
        if (direct is not ("0" or "1")) throw new UriException($"{text}: direct must be 0 or 1");
        return Plain(path) with { Direct = direct == "1" };
    }

    internal static FilePathUri Plain(string path) =>
        path.Contains('\0', StringComparison.Ordinal)
            ? throw new UriException($"{path.Replace("\0", "\\0", StringComparison.Ordinal)}: "
                + "a file's path has no zero byte")
            : new FilePathUri(path, false);
}

/// <summary>A store in this process's memory.</summary>
/// <param name="Name">Paths of the same name reach the same bytes.</param>
/// <param name="SizeBytes">Size; 0 when the URI leaves it to another one of that name.</param>
public sealed record MemoryPathUri(string Name, long SizeBytes) : PathUri
{
    internal static MemoryPathUri Read(string text)
    {
        (string place, IReadOnlyDictionary<string, string> query) = UriQuery.Split(text, "size");
        string name = place["mem:".Length..];
        if (name.Length == 0)
            throw new UriException($"{text}: the name is missing, write mem:NAME?size=SIZE");
        long size = 0;
        if (query.TryGetValue("size", out string? given) && !Sizes.TryParse(given, out size))
            throw new UriException($"{text}: '{given}' is no size, write for example 64M");
        return new MemoryPathUri(name, size);
    }
}

/// <summary>The part of a URI behind its question mark.</summary>
internal static class UriQuery
{
    public static (string Place, IReadOnlyDictionary<string, string> Query) Split(
        string text, params string[] known)
    {
        int mark = text.IndexOf('?', StringComparison.Ordinal);
        var query = new Dictionary<string, string>(StringComparer.Ordinal);
        if (mark < 0) return (text, query);
        foreach (string pair in text[(mark + 1)..].Split('&'))
        {
            string[] parts = pair.Split('=', 2);
            if (parts.Length != 2 || !known.Contains(parts[0]))
                throw new UriException(
                    $"{text}: unknown parameter '{pair}', known is {string.Join(", ", known)}");
            query[parts[0]] = parts[1];
        }
        return (text[..mark], query);
    }
}

/// <summary>
/// Sizes as people write them: a number of bytes, or with K, M, G, T (powers of 1024).
/// </summary>
public static class Sizes
{
    private const string Suffixes = "KMGT";

    /// <summary>False for anything but a positive size that fits into 63 bits.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        if (text.Length == 0) return false;
        int power = Suffixes.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) + 1;
        string digits = power > 0 ? text[..^1] : text;
        if (!long.TryParse(
                digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            return false;
        if (number == 0 || number > long.MaxValue >> (10 * power)) return false;
        bytes = number << (10 * power);
        return true;
    }

    /// <summary>As `multipath -ll` writes sizes: 64M, 1.5G, 512.</summary>
    public static string Format(long bytes)
    {
        double value = bytes;
        int power = 0;
        while (value >= 1024 && power < Suffixes.Length)
        {
            value /= 1024;
            power++;
        }
        string number = value.ToString(value < 10 && power > 0 ? "0.#" : "0",
            CultureInfo.InvariantCulture);
        return power == 0 ? number : $"{number}{Suffixes[power - 1]}";
    }
}
