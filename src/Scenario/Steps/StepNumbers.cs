// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Scenario;

/// <summary>Numbers in steps: decimal.</summary>
internal static class StepNumbers
{
    /// <summary>More than any count or sector in a scenario.</summary>
    public const long Max = 1L << 40;

    /// <summary>The longest time: an hour.</summary>
    private const long MaxMs = 3_600_000;

    private const long NsPerMs = 1_000_000;

    public static long Read(string word)
    {
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out long number))
            return number;
        throw new StepException($"'{word}' is no number");
    }

    /// <summary>A count or a sector: not negative, and not beyond all measure.</summary>
    public static long ReadCount(string word) => ReadUpTo(Max, word);

    /// <summary>A time in milliseconds, as nanoseconds.</summary>
    public static long ReadMs(string word) => ReadUpTo(MaxMs, word) * NsPerMs;

    /// <summary>A number from 0 to a limit.</summary>
    public static long ReadUpTo(long max, string word)
    {
        long number = Read(word);
        if (number >= 0 && number <= max) return number;
        throw new StepException($"'{word}' must be 0 to {max}");
    }

    /// <summary>The settings NAME=VALUE among the words.</summary>
    public static Dictionary<string, string> Settings(IEnumerable<string> words) => words
        .Select(word => word.Split('=', 2)).Where(pair => pair.Length == 2)
        .GroupBy(pair => pair[0], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Last()[1], StringComparer.Ordinal);
}
