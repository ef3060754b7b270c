// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>Commands that show maps: the one that was named, or all. On the loop.</summary>
internal sealed class StateCommands(MapStack stack)
{
    public void Table(ControlExchange exchange) =>
        Answer(exchange, table => table.TableLines());

    public void Status(ControlExchange exchange) =>
        Answer(exchange, table => table.StatusLines());

    public void Info(ControlExchange exchange) => exchange.Reply(new ControlReply
    {
        Maps = [.. Asked(exchange).Select(Describe)],
    });

    private void Answer(ControlExchange exchange, Func<Table, IReadOnlyList<TableLine>> lines)
    {
        bool inactive = exchange.Request.Inactive;
        var tables = new List<TableState>();
        foreach (MappedDevice map in Asked(exchange))
        {
            Table? table = inactive ? map.InactiveTable : map.Table;
            tables.Add(new TableState(map.Name, table is null ? [] : lines(table)));
        }
        exchange.Reply(new ControlReply { Tables = tables });
    }

    private IEnumerable<MappedDevice> Asked(ControlExchange exchange) =>
        exchange.Request.Name is { } name ? [stack.Devices.Get(name)] : stack.Devices.All;

    private MapState Describe(MappedDevice map) => new()
    {
        Name = map.Name,
        Suspended = map.IsSuspended,
        ReadOnly = map.Limits.ReadOnly,
        Live = map.Table is not null,
        Inactive = map.InactiveTable is not null,
        OpenCount = map.OpenCount,
        Event = map.EventNumber,
        Targets = map.Table?.Entries.Count ?? 0,
        SizeBytes = map.SizeBytes,
        Held = map.Held().Count,
        StaleWrites = map.Shield?.Ranges.Count ?? 0,
        StaleWritesTotal = map.Shield?.Count ?? 0,
        KeptBytes = map.Kept?.Bytes,
        RewrittenTotal = map.Kept?.Rewritten,
        Hedges = map.Hedges is { } hedges
            ? new HedgeState(hedges.Sent, hedges.Won, hedges.Denied)
            : null,
        Clients = stack.Exports.ClientsOf(map).Count(),
        Exports = [.. stack.Exports.UrisOf(map)],
    };
}
