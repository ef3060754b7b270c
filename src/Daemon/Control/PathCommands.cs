// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Daemon;

/// <summary>Commands of the declared paths. On the loop.</summary>
internal sealed class PathCommands(MapStack stack)
{
    /// <summary>
    /// Answered when the path was reached or not: a table that comes next finds its size.
    /// </summary>
    public void Add(ControlExchange exchange)
    {
        string name = ControlCommands.Need(exchange.Request.Name, "name");
        string uri = ControlCommands.Need(exchange.Request.Uri, "uri");
        stack.Paths.Add(name, uri, path => exchange.Reply(new ControlReply
        {
            Note = path.State == PathState.Up
                ? null
                : $"path {name} is declared, but not up: {path.Problem}",
        }));
    }

    public void Remove(ControlExchange exchange)
    {
        stack.Paths.Remove(ControlCommands.Need(exchange.Request.Name, "name"));
        exchange.Done();
    }

    public void List(ControlExchange exchange) => exchange.Reply(new ControlReply
    {
        Paths = [.. stack.Paths.All.Select(Describe)],
    });

    private PathReport Describe(PathDevice path) => new()
    {
        Name = path.Name,
        State = path.State switch
        {
            PathState.Up => "up",
            PathState.Down => "down",
            _ => "refused",
        },
        Problem = path.State == PathState.Up ? null : path.Problem,
        Uri = path.Uri,
        SizeBytes = path.SizeBytes,
        Maps = [.. stack.Devices.Above(path).Select(map => map.Name)],
    };
}
