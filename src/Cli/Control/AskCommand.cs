// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Daemon;

namespace Braid.Cli;

/// <summary>A command that asks a running braid, and prints what it answers.</summary>
internal sealed class AskCommand : Command
{
    private readonly Option<string?> _control = ControlPlace.CreateOption(
        "Socket of the braid to ask. Default: the only one in the usual folder.");

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print JSON, as docs/CONTROL.md has it.",
    };

    private readonly Func<ParseResult, ControlRequest> _request;
    private readonly Action<ParseResult, ControlReply>? _print;

    /// <param name="name">Of the command.</param>
    /// <param name="description">For its help.</param>
    /// <param name="request">What it asks.</param>
    /// <param name="print">Prints a state as text; null for a command that shows none.</param>
    public AskCommand(
        string name, string description, Func<ParseResult, ControlRequest> request,
        Action<ParseResult, ControlReply>? print = null)
        : base(name, description)
    {
        _request = request;
        _print = print;
        Options.Add(_control);
        if (print is not null) Options.Add(_json);
        SetAction((parsed, _) => RunAsync(parsed));
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        ControlRequest request = _request(parsed);
        using var signals = new Signals(() => { });
        string path = await ControlPlace.FindAsync(parsed.GetValue(_control), signals.Stopping);
        ControlReply reply = await ControlClient.AskAsync(path, request, signals.Stopping);
        if (reply.Error is { } error) throw new ControlException(error);
        if (reply.Note is { } note) await Console.Error.WriteLineAsync($"braid: {note}");
        if (_print is not null && parsed.GetValue(_json))
            Console.WriteLine(ControlJson.Print(reply));
        else
            _print?.Invoke(parsed, reply);
        return ExitStatus.Done;
    }
}
