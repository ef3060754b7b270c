// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench;

/// <summary>Numbers as reports show them.</summary>
internal static class Format
{
    /// <summary>About three digits that mean something: 0.82, 3.14, 21.5, 149, 12300.</summary>
    public static string Significant(double value) => value.ToString(
        Math.Abs(value) switch { >= 99.95 => "F0", >= 9.995 => "F1", _ => "F2" },
        CultureInfo.InvariantCulture);
}
