// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;
using Braid.Wire.Nbd;

namespace Braid.Daemon;

/// <summary>
/// What clients of the control socket may ask, by name; docs/CONTROL.md explains it. On the loop.
/// </summary>
public sealed class ControlCommands : IControlCommands
{
    private readonly Dictionary<string, Action<ControlExchange>> _commands;

    public ControlCommands(MapStack stack)
    {
        var maps = new MapCommands(stack);
        var states = new StateCommands(stack);
        var paths = new PathCommands(stack);
        var held = new HeldCommands(stack);
        _commands = new Dictionary<string, Action<ControlExchange>>(StringComparer.Ordinal)
        {
            ["create"] = maps.Create,
            ["reload"] = maps.Reload,
            ["suspend"] = maps.Suspend,
            ["resume"] = maps.Resume,
            ["remove"] = maps.Remove,
            ["rename"] = maps.Rename,
            ["wait"] = maps.Wait,
            ["message"] = maps.Message,
            ["table"] = states.Table,
            ["status"] = states.Status,
            ["info"] = states.Info,
            ["held"] = held.List,
            ["fail_held"] = held.Fail,
            ["release_stale"] = held.ReleaseStale,
            ["path_add"] = paths.Add,
            ["path_remove"] = paths.Remove,
            ["path_list"] = paths.List,
        };
    }

    /// <summary>Does it, or begins to. The exchange is answered now or later.</summary>
    public void Execute(ControlExchange exchange)
    {
        try
        {
            if (_commands.TryGetValue(exchange.Request.Command, out Action<ControlExchange>? run))
                run(exchange);
            else
                exchange.Fail("unknown command, known are " + string.Join(", ", _commands.Keys));
        }
        catch (Exception error) when (IsAnswer(error))
        {
            exchange.Fail(error.Message);
        }
    }

    /// <summary>A field that the command cannot do without.</summary>
    /// <exception cref="ControlException">It is missing.</exception>
    internal static T Need<T>(T? value, string field)
        where T : class =>
        value ?? throw new ControlException($"the request has no '{field}'");

    /// <summary>What is wrong with a request, and not with us.</summary>
    internal static bool IsAnswer(Exception error) =>
        error is MapperException or MapException or UriException or ControlException;
}
