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

    /// <summary>A parameter of a module: decimal, or hexadecimal after 0x.</summary>
    public static long ReadParameter(string word)
    {
        if (!word.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) return ReadCount(word);
        if (uint.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out uint number))
            return number;
        throw new StepException($"'{word}' is no number");
    }

    /// <summary>
    /// What a C program makes of a word (strtoull with base 0): what is no digit ends it, a sign
    /// wraps around, and an overflow is the largest number.
    /// </summary>
    public static long ReadLikeC(string word)
    {
        bool isNegative = word.StartsWith('-');
        string digits = word.TrimStart('-', '+');
        uint radix = 10;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            (radix, digits) = (16, digits[2..]);
        else if (digits.StartsWith('0'))
            radix = 8;
        ulong value = 0;
        foreach (char digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit)) break;
            uint one = Convert.ToUInt32(digit.ToString(), 16);
            if (one >= radix) break;
            bool fits = value <= (ulong.MaxValue - one) / radix;
            value = fits ? (value * radix) + one : ulong.MaxValue;
        }
        return unchecked(isNegative ? -(long)value : (long)value);
    }

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
