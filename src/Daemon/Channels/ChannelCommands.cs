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
        (MapStack stack, Action<ControlReply> answer) => stack.Paths.DoAlike(() =>
        {
            var exchange = new ControlExchange(RequestFor(stack, request), answer);
            _commands[stack.Index].Execute(exchange);
        }),
        replies => done(ControlMerge.Merge(request, replies)));

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
            case "suspend" or "message" or "rename":
                _transitions.Do(exchange);
                break;
            case "reload":
                _transitions.Reload(exchange);
                break;
            case "resume":
                _transitions.Resume(exchange);
                break;
            case "fail_held" when ControlMerge.Unknown(
                _channels.Stacks.Count, request.Ids ?? []) is { } unknown:
                exchange.Fail($"{request.Name} holds no I/O '{unknown}'");
                break;
            default:
                Fan(request, exchange.Reply);
                break;
        }
    }

    /// <summary>Ids of held I/O are of one loop: each gets its own.</summary>
    private static ControlRequest RequestFor(MapStack stack, ControlRequest request) =>
        request.Ids is not { } ids || request.Command != "fail_held"
            ? request
            : request with { Ids = ControlMerge.IdsOf(stack.Index, ids) };
}
