// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>The words of one table line, taken one by one; knows where it is, for errors.</summary>
public sealed class TableWords
{
    private readonly string[] _words;
    private readonly string _line;
    private int _next;

    /// <param name="line">The words.</param>
    /// <param name="number">Of the line, from 1; 0 for the only one.</param>
    public TableWords(string line, int number = 0)
    {
        _words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        _line = number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"line {number}, ");
    }

    /// <summary>Words that were not taken yet.</summary>
    public int Left => _words.Length - _next;

    /// <summary>The word taken last, for an error message.</summary>
    public string Where => _line
        + (_next == 0 ? "the start"
            : _next > _words.Length ? "the end"
            : $"word {_next} '{_words[_next - 1]}'");

    /// <summary>Takes a word; <paramref name="what"/> says what it should have been.</summary>
    public string Take(string what)
    {
        if (Left > 0) return _words[_next++];
        _next = _words.Length + 1;
        throw new TableException($"{what} is missing", this);
    }

    /// <summary>
    /// Takes a decimal number. As in the kernel (sscanf %u) it wraps at 2^32, and signs, blanks and
    /// hexadecimal are refused.
    /// </summary>
    public uint TakeNumber(string what, uint min, uint max)
    {
        string word = Take(what);
        if (!TryNumber(word, out uint number))
            throw new TableException($"{what} must be a number", this);
        if (number < min || number > max)
            throw new TableException($"{what} must be {min} to {max}", this);
        return number;
    }

    /// <summary>Takes a count, and that there are as many words left.</summary>
    public int TakeCount(string what, uint max)
    {
        uint count = TakeNumber(what, 0, max);
        if (count > Left) throw new TableException($"{what} exceeds the words that follow", this);
        return (int)count;
    }

    /// <summary>Takes the name of a device, and finds it.</summary>
    public BlockDevice TakeDevice(string what, IDeviceResolver devices)
    {
        string name = Take(what);
        try
        {
            return devices.Find(name);
        }
        catch (TableException error)
        {
            throw new TableException(error.Message, this);
        }
    }

    /// <summary>A 64-bit decimal number, for sectors.</summary>
    public long TakeSectors(string what)
    {
        string word = Take(what);
        bool digits = word.Length is > 0 and < 19 && word.All(char.IsAsciiDigit);
        if (!digits) throw new TableException($"{what} must be a number of sectors", this);
        long sectors = long.Parse(word, CultureInfo.InvariantCulture);
        if (sectors <= Table.MaxSectors) return sectors;
        throw new TableException($"{what} must be at most {Table.MaxSectors}", this);
    }

    /// <summary>The kernel's reading of a number: decimal digits only, modulo 2^32.</summary>
    public static bool TryNumber(string word, out uint number)
    {
        number = 0;
        if (word.Length == 0 || !word.All(char.IsAsciiDigit)) return false;
        foreach (char digit in word) number = unchecked((number * 10) + (uint)(digit - '0'));
        return true;
    }
}
