// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>
/// Changes good texts word by word: numbers to others that are nearly right, words to others of the
/// same language, parts to parts of other texts; and sometimes single letters.
/// </summary>
internal sealed class Mutator(LoopRandom random, IReadOnlyList<string> words)
{
    /// <summary>Longest text that is made: repeating a repetition grows fast.</summary>
    private const int MaxLength = 20_000;

    private static readonly string[] Numbers =
    [
        "0", "1", "2", "3", "7", "8", "9", "16", "50", "51", "64", "100", "101", "127", "128",
        "255", "256", "512", "1023", "1024", "1025", "2048", "4095", "4096", "4097", "32767",
        "32768", "32769", "60000", "60001", "65536", "2147483647", "2147483648", "4294967295",
        "4294967296", "4294967297", "1099511627776", "9223372036854775807",
        "18014398509481983", "18014398509481984", "18446744073709551615",
        "18446744073709551616", "99999999999999999999999", "01", "-1", "+1", "0x10", "1x", "1.5",
    ];

    private static readonly string[] Odd =
    [
        "", " ", "\t", "\n", "\r\n", "\0", "\u00a0", "\u2028", "\ud800", "\uffff", "é", "٣", "@",
        "@@", "%", "%00", "%zz", "?", "#", "&", "=", "/", ":", "[", "]", ",", ";", "|", "'", "\"",
        "\\", "--", "-", "+",
    ];

    public LoopRandom Random => random;

    public T Pick<T>(IReadOnlyList<T> all) => all[(int)random.Next(all.Count)];

    /// <summary>A text with a few changes; seldom none.</summary>
    /// <param name="text">What is changed.</param>
    /// <param name="others">Texts to take parts from.</param>
    public string Change(string text, IReadOnlyList<string> others)
    {
        if (random.Chance(30)) return text;
        List<string> parts = Split(text);
        do ChangeOnce(parts, others);
        while (random.Chance(400));
        string changed = string.Concat(parts);
        if (random.Chance(100)) changed = ChangeLetters(changed);
        return changed.Length <= MaxLength ? changed : changed[..MaxLength];
    }

    /// <summary>Words and what is between them, in turns.</summary>
    private static List<string> Split(string text)
    {
        var parts = new List<string>();
        int start = 0;
        for (int i = 1; i <= text.Length; i++)
        {
            if (i < text.Length && IsBreak(text[i]) == IsBreak(text[start])) continue;
            parts.Add(text[start..i]);
            start = i;
        }
        return parts;
    }

    private static bool IsBreak(char letter) => letter is ' ' or '\n' or '/' or '?' or '=';

    private void ChangeOnce(List<string> parts, IReadOnlyList<string> others)
    {
        if (parts.Count == 0) parts.Add(Pick(words));
        int at = (int)random.Next(parts.Count);
        switch (random.Next(12))
        {
            case 0 or 1:
                parts[at] = Pick(Numbers);
                break;
            case 2 or 3:
                parts[at] = Near(parts[at]);
                break;
            case 4 or 5:
                parts[at] = Pick(words);
                break;
            case 6:
                parts.RemoveAt(at);
                break;
            case 7:
                parts.InsertRange(at, [Pick(words), " "]);
                break;
            case 8:
                (int other, string kept) = ((int)random.Next(parts.Count), parts[at]);
                (parts[at], parts[other]) = (parts[other], kept);
                break;
            case 9:
                Repeat(parts, at);
                break;
            case 10:
                Splice(parts, at, Split(Pick(others)));
                break;
            default:
                parts[at] = Pick(Odd);
                break;
        }
    }

    /// <summary>A number one or two beside it; of a word, another spelling.</summary>
    private string Near(string word)
    {
        if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            return (number + random.Next(5) - 2).ToString(CultureInfo.InvariantCulture);
        return random.Chance(500) ? word.ToUpperInvariant() : word + Pick(words);
    }

    private void Repeat(List<string> parts, int at)
    {
        int length = (int)Math.Min(1 + random.Next(12), parts.Count - at);
        long times = random.Chance(50) ? random.Next(400) : random.Next(4);
        List<string> range = parts.GetRange(at, length);
        for (long i = 0; i < times && parts.Count < MaxLength; i++) parts.InsertRange(at, range);
    }

    /// <summary>Goes on as another text does.</summary>
    private void Splice(List<string> parts, int at, List<string> other)
    {
        parts.RemoveRange(at, parts.Count - at);
        if (other.Count > 0) parts.AddRange(other.Skip((int)random.Next(other.Count)));
    }

    private string ChangeLetters(string text)
    {
        var changed = new StringBuilder(text);
        for (long changes = 1 + random.Next(3); changes > 0 && changed.Length > 0; changes--)
        {
            int at = (int)random.Next(changed.Length);
            if (random.Chance(300)) changed.Remove(at, 1);
            else if (random.Chance(400)) changed.Insert(at, Pick(Odd));
            else changed[at] = (char)random.Next(random.Chance(900) ? 128 : 65536);
        }
        return changed.ToString();
    }
}
