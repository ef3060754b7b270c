// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>Splits a command line as a shell does: blanks, quotes, backslashes.</summary>
internal static class CommandWords
{
    public static IReadOnlyList<string> Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool inWord = false;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (inWord) words.Add(word.ToString());
                word.Clear();
                inWord = false;
                continue;
            }
            inWord = true;
            if (c == quote) quote = '\0';
            else if (quote == '\0' && c is '\'' or '"') quote = c;
            else if (c == '\\' && quote != '\'' && i + 1 < text.Length) word.Append(text[++i]);
            else word.Append(c);
        }
        if (quote != '\0') throw new BenchException($"a quote ({quote}) is not closed in: {text}");
        if (inWord) words.Add(word.ToString());
        return words;
    }

    /// <summary>The words as one line that a shell would split again into the same.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    private static string Quote(string word)
    {
        if (word.Length > 0 && word.All(IsPlain)) return word;
        if (!word.Contains('\'')) return $"'{word}'";
        return word.AsSpan().IndexOfAny("\"\\$`!") < 0
            ? $"\"{word}\""
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    private static bool IsPlain(char c) =>
        char.IsAsciiLetterOrDigit(c) || "-_=./:+@,%{}".Contains(c);
}
