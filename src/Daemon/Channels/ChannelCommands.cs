// SPDX-License-Identifier: Apache-2.0

namespace Braid.Daemon;

/// <summary>
/// What clients of the control socket ask of maps that several loops serve: each loop does it for
/// its part, and it is answered when all have. What is shown is the sum of all. On the lead's loop.
/// </summary>
public sealed class ChannelCommands : IControlCommands
{
    private readonly ChannelSet _channels;

    /// <summary>By channel, each used on its own loop.</summary>
    private readonly ControlCommands[] _commands;
    private readonly ChannelTransitions _transitions;

    public ChannelCommands(ChannelSet channels)
    {
        _channels = channels;
        _commands = [.. channels.Stacks.Select(stack => new ControlCommands(stack))];
        _transitions = new ChannelTransitions(channels, this);
    }

    public void Execute(ControlExchange exchange)
    {
        try
        {
            Begin(exchange);
        }
        catch (Exception error) when (ControlCommands.IsAnswer(error))
        {
            exchange.Fail(error.Message);
        }
    }

    /// <summary>Has each loop do it, and answers when all have.</summary>
    internal void Fan(ControlRequest request, Action<ControlReply> done) => _channels.Gather(
        (MapStack stack, Action<ControlReply> answer) => stack.Paths.DoAlike(
            () => CommandsOf(stack).Execute(new ControlExchange(RequestFor(stack, request), answer))),
        replies => done(ControlMerge.Merge(request, replies)));

    private ControlCommands CommandsOf(MapStack stack) => _commands[stack.Index];

    private void Begin(ControlExchange exchange)
    {
        ControlRequest request = exchange.Request;
        switch (request.Command)
        {
            case "wait":
                // Events are the lead's: each loop hears of what happens to a path.
                _commands[_channels.Lead.Index].Execute(exchange);
                break;
            case "create":
                new ChannelCreate(_channels, exchange).Begin();
                break;
            case "remove":
                _transitions.Remove(exchange);
                break;
            case "rename":
                _transitions.RequireNone(ControlCommands.Need(request.Name, "name"));
                Fan(request, exchange.Reply);
                break;
            case "reload":
                Reload(exchange);
                break;
            case "suspend":
                _transitions.Suspend(exchange);
                break;
            case "resume":
                _transitions.Resume(exchange);
                break;
            default:
                Fan(request, exchange.Reply);
                break;
        }
    }

    /// <summary>
    /// A table that only some loops could load none has: maps must not go different ways.
    /// </summary>
    private void Reload(ControlExchange exchange)
    {
        ControlRequest request = exchange.Request;
        string name = ControlCommands.Need(request.Name, "name");
        string table = ControlCommands.Need(request.Table, "table");
        _channels.Each(stack => stack.Devices.Load(name, table), problems =>
        {
            bool isDone = Array.TrueForAll(problems, problem => problem is null);
            bool isNowhere = Array.TrueForAll(problems, problem => problem is not null);
            if (isDone) exchange.Done();
            else exchange.Fail(problems.First(problem => problem is not null)!);
            if (!isDone && !isNowhere)
                _channels.Each(stack => stack.Devices.Get(name).Clear(), _ => { });
        });
    }

    /// <summary>Ids of held I/O are of one loop: each gets its own.</summary>
    private static ControlRequest RequestFor(MapStack stack, ControlRequest request) =>
        request.Ids is not { } ids || request.Command != "fail_held"
            ? request
            : request with { Ids = ControlMerge.IdsOf(stack.Index, ids) };
}
