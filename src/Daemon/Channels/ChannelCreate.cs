// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>
/// A map comes, on all loops or on none; then it is exported. On the lead's loop.
/// </summary>
internal sealed class ChannelCreate(ChannelSet channels, ControlExchange exchange)
{
    private readonly MapChannels _map = channels.NewMap();
    private string _name = "";
    private ExportUri[] _exports = [];

    public void Begin()
    {
        ControlRequest request = exchange.Request;
        _name = ControlCommands.Need(request.Name, "name");
        string table = ControlCommands.Need(request.Table, "table");
        _exports = [.. (request.Exports ?? []).Select(ExportUri.Parse)];
        channels.Each(
            stack => stack.Changes.Make(_name, table, _map, stack.Index), OnMade);
    }

    private void OnMade(string?[] problems)
    {
        if (problems.FirstOrDefault(problem => problem is not null) is { } problem)
        {
            TakeBack(stack => problems[stack.Index] is null, problem);
            return;
        }
        try
        {
            channels.Lead.Exports.Add(channels.Lead.Devices.Get(_name), _exports, _map);
            exchange.Done();
        }
        catch (Exception error) when (ControlCommands.IsAnswer(error))
        {
            TakeBack(_ => true, error.Message);
        }
    }

    private void TakeBack(Predicate<MapStack> isThere, string problem) => channels.Each(
        stack =>
        {
            if (isThere(stack)) stack.Changes.Remove(_name);
        },
        _ => exchange.Fail(problem));
}
