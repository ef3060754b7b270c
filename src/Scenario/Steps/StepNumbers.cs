// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Scenario;

/// <summary>Numbers in steps: decimal.</summary>
internal static class StepNumbers
{
    /// <summary>More than any count, sector or time in a scenario.</summary>
    private const long Max = 1L << 40;

    public static long Read(string word)
    {
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out long number))
            return number;
        throw new StepException($"'{word}' is no number");
    }

    /// <summary>A count, a sector or a time: not negative, and not beyond all measure.</summary>
    public static long ReadCount(string word)
    {
        long number = Read(word);
        return number is >= 0 and <= Max
            ? number
            : throw new StepException($"'{word}' must be 0 to {Max}");
    }

    /// <summary>The settings NAME=VALUE among the words.</summary>
    public static Dictionary<string, string> Settings(IEnumerable<string> words) => words
        .Select(word => word.Split('=', 2)).Where(pair => pair.Length == 2)
        .GroupBy(pair => pair[0], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Last()[1], StringComparer.Ordinal);
}
