// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>Commands that change a map, or wait for it. On the loop.</summary>
internal sealed class MapCommands(MapStack stack)
{
    public void Create(ControlExchange exchange)
    {
        ControlRequest request = exchange.Request;
        ExportUri[] exports = [.. (request.Exports ?? []).Select(ExportUri.Parse)];
        stack.Changes.Create(Name(exchange), Table(request), exports);
        exchange.Done();
    }

    public void Reload(ControlExchange exchange)
    {
        stack.Devices.Load(Name(exchange), Table(exchange.Request));
        exchange.Done();
    }

    public void Suspend(ControlExchange exchange) =>
        stack.Changes.Suspend(Name(exchange), exchange.Request.Noflush, problem =>
        {
            if (problem is null) exchange.Done();
            else exchange.Fail(problem.Message);
        });

    public void Resume(ControlExchange exchange) =>
        stack.Changes.Resume(Name(exchange), exchange.Request.Noflush, problem =>
        {
            if (problem is null) exchange.Done();
            else exchange.Fail(problem);
        });

    public void Remove(ControlExchange exchange)
    {
        stack.Changes.Remove(Name(exchange));
        exchange.Done();
    }

    public void Rename(ControlExchange exchange)
    {
        string newName = ControlCommands.Need(exchange.Request.NewName, "new_name");
        stack.Changes.Rename(Name(exchange), newName);
        exchange.Done();
    }

    /// <summary>
    /// As `dmsetup wait`: at once when the number is another, also a larger one; and when the map
    /// is removed. Without a number, for the next event.
    /// </summary>
    public void Wait(ControlExchange exchange)
    {
        MappedDevice map = stack.Devices.Get(Name(exchange));
        void Answer() => exchange.Reply(new ControlReply { Event = map.EventNumber });
        if (exchange.Request.Event is { } known && known != map.EventNumber)
        {
            Answer();
            return;
        }
        map.OnNextEvent(Answer);
        exchange.Abandoned = () => map.ForgetWaiter(Answer);
    }

    public void Message(ControlExchange exchange)
    {
        IReadOnlyList<string> words = ControlCommands.Need(exchange.Request.Words, "words");
        stack.Devices.Get(Name(exchange)).Message(words);
        exchange.Done();
    }

    private static string Name(ControlExchange exchange) =>
        ControlCommands.Need(exchange.Request.Name, "name");

    private static string Table(ControlRequest request) =>
        ControlCommands.Need(request.Table, "table");
}
