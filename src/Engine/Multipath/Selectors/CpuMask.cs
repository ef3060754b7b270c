// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace Braid.Multipath;

/// <summary>
/// A set of CPUs as the kernel writes it: hexadecimal without 0x, in groups of eight digits parted
/// by commas.
/// </summary>
internal sealed class CpuMask
{
    private const int GroupDigits = 8;
    private const int GroupBits = 4 * GroupDigits;

    private readonly BigInteger _bits;

    private CpuMask(BigInteger bits) => _bits = bits;

    /// <summary>The CPUs in it, lowest first.</summary>
    public IEnumerable<int> Cpus
    {
        get
        {
            for (int cpu = 0; cpu < (int)_bits.GetBitLength(); cpu++)
                if (!((_bits >> cpu) & 1).IsZero) yield return cpu;
        }
    }

    /// <summary>False for what is no mask, or names a CPU that the machine has not.</summary>
    public static bool TryParse(string text, int cpuCount, [NotNullWhen(true)] out CpuMask? mask)
    {
        mask = null;
        BigInteger bits = 0;
        foreach (string group in text.Split(','))
        {
            if (group.Length == 0 || !group.All(char.IsAsciiHexDigit)) return false;
            string digits = group.TrimStart('0');
            if (digits.Length > GroupDigits) return false;
            bits <<= GroupBits;
            if (digits.Length > 0)
                bits += uint.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (bits.GetBitLength() > cpuCount) return false;
        }
        mask = new CpuMask(bits);
        return true;
    }

    public override string ToString()
    {
        var groups = new List<string>();
        BigInteger rest = _bits;
        while (rest >> GroupBits != 0)
        {
            groups.Add(((uint)(rest & uint.MaxValue)).ToString("x8", CultureInfo.InvariantCulture));
            rest >>= GroupBits;
        }
        groups.Add(((uint)rest).ToString("x", CultureInfo.InvariantCulture));
        groups.Reverse();
        return string.Join(',', groups);
    }
}
