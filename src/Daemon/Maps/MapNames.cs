// SPDX-License-Identifier: Apache-2.0
namespace Braid.Daemon;

/// <summary>How maps and paths may be called: as dmsetup has it, without escapes.</summary>
public static class MapNames
{
    /// <summary>DM_NAME_LEN, without its end.</summary>
    private const int MaxLength = 127;

    private const string Others = "#+-.:=@_";

    /// <summary>
    /// Whether a table and a line of output can hold it as one word, which is no option.
    /// </summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength && name is not ("." or "..") && name[0] != '-'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || Others.Contains(c));

    /// <exception cref="MapException">It is no name.</exception>
    public static void Require(string name)
    {
        if (!IsValid(name))
            throw new MapException(
                $"'{name}' is no name: it takes 1 to {MaxLength} letters, digits and {Others}");
    }
}

/// <summary>A map cannot be made or changed; the message is one line for the user.</summary>
public sealed class MapException(string message) : Exception(message);
