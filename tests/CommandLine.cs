// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Braid.Tests;

/// <summary>
/// The words behind ./sim, ./fuzz and ./chaos: what is wrong with them is one line and status 2.
/// </summary>
internal static class CommandLine
{
    private const int Usage = 2;

    /// <summary>A number within bounds; null when it is not given.</summary>
    public static Option<T?> Number<T>(string name, T least, T most, string description)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (TryRead(text, out T number) && number >= least && number <= most)
                    return number;
                result.AddError(
                    TryRead(text, out T _)
                        ? string.Create(CultureInfo.InvariantCulture,
                            $"{name} {text} must be {least} to {most}")
                        : $"'{text}' is no number");
                return null;
            },
        };

    /// <summary>Somebody typed it.</summary>
    public static bool Has(this ParseResult parsed, Option option) =>
        parsed.GetResult(option) is { Implicit: false };

    /// <summary>Of two options that cannot both be meant.</summary>
    /// <exception cref="FormatException">Both are given.</exception>
    public static void Exclude(this ParseResult parsed, Option one, Option other)
    {
        if (parsed.Has(one) && parsed.Has(other))
            throw new FormatException($"{one.Name} and {other.Name} exclude each other");
    }

    /// <summary>What was typed, checked but for what is the command's own.</summary>
    /// <exception cref="FormatException">One line: what is wrong.</exception>
    public static ParseResult Parse(Command command, string[] args)
    {
        // Without an action it would have to have one of its subcommands behind it.
        command.SetAction(static _ => 0);
        ParseResult parsed = command.Parse(args);
        if (parsed.Action is HelpAction) return parsed;
        foreach (SymbolResult child in parsed.CommandResult.Children)
            if (child is OptionResult { Implicit: false, Tokens.Count: 0 } bare)
                throw new FormatException($"{bare.Option.Name} needs a value");
        // A value that is wrong may be the next option: what is left over then says less.
        if (parsed.Errors.FirstOrDefault(one => one.SymbolResult is not CommandResult) is { } error)
            throw new FormatException(error.Message.ReplaceLineEndings(" "));
        if (parsed.UnmatchedTokens is [string word, ..])
            throw new FormatException($"no such option: {word}");
        return parsed.Errors is [ParseError other, ..]
            ? throw new FormatException(other.Message.ReplaceLineEndings(" "))
            : parsed;
    }

    /// <summary>Reads the options and runs with them, or says what is wrong with them.</summary>
    /// <typeparam name="T">The options.</typeparam>
    /// <param name="command">Named as it is typed; gets an option for help.</param>
    /// <param name="args">What was typed after the name.</param>
    /// <param name="read">Throws <see cref="FormatException"/> for what makes no sense.</param>
    /// <param name="run">Gives the exit status.</param>
    public static async Task<int> RunAsync<T>(
        Command command, string[] args, Func<ParseResult, T> read, Func<T, Task<int>> run)
    {
        command.Options.Add(new HelpOption { Recursive = true });
        T options;
        try
        {
            ParseResult parsed = Parse(command, args);
            if (parsed.Action is HelpAction) return await parsed.InvokeAsync();
            options = read(parsed);
        }
        catch (FormatException error)
        {
            string name = command.Name.TrimStart('.', '/');
            await Console.Error.WriteLineAsync($"{name}: {error.Message}");
            return Usage;
        }
        return await run(options);
    }

    private static bool TryRead<T>(string text, out T number)
        where T : struct, INumber<T> => T.TryParse(
            text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
}
