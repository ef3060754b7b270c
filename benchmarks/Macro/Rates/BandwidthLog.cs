// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>
/// fio's log of bandwidth in intervals. The totals of a run hold its start, when paths give what
/// they have saved up, and its end, when the slowest is waited for.
/// </summary>
internal static class BandwidthLog
{
    private const double BytesPerUnit = 1024;

    /// <summary>MB/s between two times of the run.</summary>
    /// <param name="text">Lines of `milliseconds, KiB/s, direction, ...`.</param>
    /// <param name="begin">From the start of the run.</param>
    /// <param name="end">The same.</param>
    public static double MegabytesPerSecond(string text, TimeSpan begin, TimeSpan end)
    {
        double[] inside =
        [
            .. from line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
               let words = line.Split(',', StringSplitOptions.TrimEntries)
               let time = TimeSpan.FromMilliseconds(Number(words[0]))
               where time > begin && time <= end
               select Number(words[1]) * BytesPerUnit / 1e6,
        ];
        return inside.Length > 0
            ? inside.Average()
            : throw new BenchException("fio logged no bandwidth");
    }

    private static double Number(string word) =>
        double.TryParse(word, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new BenchException($"fio's log of bandwidth is odd: '{word}'");
}
