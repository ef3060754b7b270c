// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Tests.Fuzz;

/// <summary>
/// A line of an input: words. A line may have been changed in any way: a word that is not there, or
/// is no number, is 0, so that every input can be played.
/// </summary>
internal readonly struct FuzzLine(string text)
{
    private readonly string[] _words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public int Count => _words.Length;

    public string Word(int index) => index < _words.Length ? _words[index] : "";

    public ulong Number(int index) => ulong.TryParse(
        Word(index), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : 0;

    /// <summary>The same, up to a bound that keeps an input cheap.</summary>
    public int Number(int index, int most) => (int)Math.Min(Number(index), (ulong)most);

    public byte[] Bytes(int index) => TryHex(Word(index), out byte[] bytes) ? bytes : [];

    /// <summary>Bytes as a word: never empty, so that a word more is not a word less.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes) => "x" + Convert.ToHexStringLower(bytes);

    public static bool TryHex(string word, out byte[] bytes)
    {
        bytes = [];
        if (word.Length % 2 == 0 || word[0] != 'x') return false;
        if (!word.Skip(1).All(char.IsAsciiHexDigitLower)) return false;
        bytes = Convert.FromHexString(word.AsSpan(1));
        return true;
    }
}
