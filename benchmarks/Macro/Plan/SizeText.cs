// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>Sizes as people type and read them: 512M, 1G.</summary>
internal static class SizeText
{
    private const string Units = "KMGT";

    public static bool TryParse(string text, out long bytes)
    {
        int shift = 0;
        if (text.Length > 0 && Units.IndexOf(char.ToUpperInvariant(text[^1])) is int unit and >= 0)
        {
            shift = (unit + 1) * 10;
            text = text[..^1];
        }
        bool isNumber =
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes)
            && bytes <= long.MaxValue >> shift;
        bytes = isNumber ? bytes << shift : 0;
        return isNumber;
    }

    /// <summary>In the largest unit that leaves a whole number.</summary>
    public static string Write(long bytes)
    {
        int unit = 0;
        while (unit < Units.Length && bytes >= 1024 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            unit++;
        }
        string suffix = unit == 0 ? "" : Units[unit - 1].ToString();
        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{suffix}");
    }
}
