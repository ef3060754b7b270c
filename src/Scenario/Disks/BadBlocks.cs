// SPDX-License-Identifier: Apache-2.0
namespace Braid.Scenario;

/// <summary>Sectors of a disk that cannot be read or written.</summary>
internal sealed class BadBlocks(long sectors)
{
    private const int SectorSize = 512;

    private readonly bool[] _bad = new bool[sectors];

    /// <summary>+FIRST-LAST makes sectors bad, -FIRST-LAST good.</summary>
    public void Change(string words)
    {
        string[] range = words.Length > 1 && words[0] is '+' or '-' ? words[1..].Split('-') : [];
        if (range.Length != 2) throw new StepException($"'{words}': write +FIRST-LAST");
        long first = StepNumbers.ReadCount(range[0]);
        long last = StepNumbers.ReadCount(range[1]);
        if (last < first) throw new StepException($"'{words}': the last comes before the first");
        last = Math.Min(last, _bad.LongLength - 1);
        for (long sector = first; sector <= last; sector++) _bad[sector] = words[0] == '+';
    }

    public void SetAll(bool bad) => Array.Fill(_bad, bad);

    /// <summary>Whether any sector of a range of bytes is bad.</summary>
    public bool Touches(long offset, long length)
    {
        int first = (int)(offset / SectorSize);
        int count = (int)((length + SectorSize - 1) / SectorSize);
        return _bad.AsSpan(first, count).Contains(true);
    }
}
