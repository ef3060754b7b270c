// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;
using Braid.Daemon;

namespace Braid.Cli;

/// <summary>
/// What the words after options mean; <see cref="UsageException"/> for those that mean nothing.
/// </summary>
internal static class OptionWords
{
    /// <summary>Somebody typed it: it has not only its default.</summary>
    public static bool IsGiven(ParseResult parsed, Option option) =>
        parsed.GetResult(option) is { Implicit: false };

    public static long? Size(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } text) return null;
        if (Sizes.TryParse(text, out long bytes)) return bytes;
        throw new UsageException($"{option.Name} '{text}' is no size, write for example 10G");
    }

    /// <summary>
    /// In nanoseconds. Digits and a point, whatever the locale: 1,5 is no number, and not 15.
    /// </summary>
    public static long Seconds(ParseResult parsed, Option<string> option)
    {
        string text = parsed.GetValue(option)!;
        bool isNumber = double.TryParse(
            text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds);
        if (isNumber && seconds is >= 0.001 and <= 86_400) return (long)(seconds * 1e9);
        throw new UsageException($"{option.Name} '{text}' must be 0.001 to 86400 seconds");
    }

    public static double Number(
        string option, string given, string text, double least, double most)
    {
        bool isNumber = double.TryParse(
            text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        if (isNumber && number >= least && number <= most) return number;
        FormattableString error = $"{option} '{given}' must be {least} to {most}";
        throw new UsageException(error.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The place of the word among those that are known.</summary>
    public static int Choose(ParseResult parsed, Option<string> option, params string[] words)
    {
        string word = parsed.GetValue(option)!;
        int index = Array.IndexOf(words, word);
        if (index >= 0) return index;
        throw new UsageException(
            $"{option.Name} '{word}' is unknown, known are {string.Join(", ", words)}");
    }
}
