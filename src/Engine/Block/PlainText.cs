// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Words from outside on their way to a log, a terminal or a line of an answer.</summary>
public static class PlainText
{
    /// <summary>
    /// The text as one line without anything that a terminal obeys: a server's words, or a name
    /// that somebody has chosen, must not look like lines of ours.
    /// </summary>
    public static string OneLine(string text) =>
        string.Create(text.Length, text, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) ? ' ' : from[i];
        });
}
