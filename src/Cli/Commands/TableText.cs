// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Daemon;

namespace Braid.Cli;

/// <summary>A table as it is given to a command.</summary>
internal static class TableText
{
    private const string StandardInput = "-";

    public static Option<string[]> CreateOption() => new("--table")
    {
        Description = "A line of the table, 'START SECTORS TYPE ARGUMENTS...'; may be given "
            + "several times. Without it, or with -, the table is read from standard input.",
        HelpName = "LINE",
    };

    /// <summary>The lines, without blank ones and comments (#), as dmsetup reads them.</summary>
    /// <exception cref="UsageException">There is more than a request can hold.</exception>
    public static string Read(string[]? given)
    {
        string text = given is null or [] or [StandardInput]
            ? ReadInput()
            : string.Join('\n', given);
        IEnumerable<string> lines = text.Split('\n').Select(line => line.Trim())
            .Where(line => line.Length > 0 && !line.StartsWith('#'));
        return string.Join('\n', lines);
    }

    private static string ReadInput()
    {
        char[] buffer = new char[ControlJson.MaxRequest];
        int length = Console.In.ReadBlock(buffer);
        if (length < buffer.Length) return new string(buffer, 0, length);
        throw new UsageException($"the table on standard input has over {length} characters");
    }
}
