// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;
using Braid.Daemon;

namespace Braid.Cli;

/// <summary>The commands that wait for what happens to a map, or make it happen.</summary>
internal static class EventCommands
{
    /// <summary>dmsetup's sector of a message, which is for the target at the start.</summary>
    private const string Sector = "0";

    public static IEnumerable<Command> Create() => [Wait(), Message()];

    private static AskCommand Wait()
    {
        Argument<string> name = ChangeCommands.CreateName();
        var last = new Argument<string?>("EVENT")
        {
            Description = "The last event known; another one is not waited for. Without it the "
                + "next one is.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return new AskCommand(
            "wait", "Wait for an event of a map.",
            parsed => new ControlRequest
            {
                Command = "wait",
                Name = parsed.GetRequiredValue(name),
                Event = ReadEvent(parsed.GetValue(last)),
            })
            { name, last };
    }

    private static AskCommand Message()
    {
        Argument<string> name = ChangeCommands.CreateName();
        var words = new Argument<string[]>("WORDS")
        {
            Description = "The message: queue_if_no_path, fail_if_no_path, fail_path PATH, "
                + "reinstate_path PATH, switch_group N, disable_group N, enable_group N. "
                + "dmsetup's sector 0 may stand before it.",
            Arity = ArgumentArity.OneOrMore,
        };
        return new AskCommand(
            "message", "Send a message to the target of a map.",
            parsed => new ControlRequest
            {
                Command = "message",
                Name = parsed.GetRequiredValue(name),
                Words = parsed.GetRequiredValue(words) is [Sector, _, ..] all
                    ? all[1..]
                    : parsed.GetRequiredValue(words),
            })
            { name, words };
    }

    private static uint? ReadEvent(string? text)
    {
        if (text is null) return null;
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            return number;
        throw new UsageException($"'{text}' is no number of an event");
    }
}
