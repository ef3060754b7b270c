// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>Commands about I/O that maps hold. On the loop.</summary>
internal sealed class HeldCommands(MapStack stack)
{
    public void List(ControlExchange exchange)
    {
        IEnumerable<MappedDevice> maps = exchange.Request.Name is { } name
            ? [stack.Devices.Get(name)]
            : stack.Devices.All;
        exchange.Reply(new ControlReply { Held = [.. maps.Select(Describe)] });
    }

    public void Fail(ControlExchange exchange)
    {
        MappedDevice map = Map(exchange);
        IReadOnlyList<string>? ids = exchange.Request.Ids;
        if (ids?.Except(map.Held().Select(held => held.Id), StringComparer.Ordinal)
            .FirstOrDefault() is { } unknown)
            throw new ControlException($"{map.Name} holds no I/O '{unknown}'");
        exchange.Reply(new ControlReply
        {
            Failed = map.FailHeld(id => ids?.Contains(id, StringComparer.Ordinal) ?? true),
        });
    }

    public void ReleaseStale(ControlExchange exchange)
    {
        Map(exchange).Shield?.Lower();
        exchange.Done();
    }

    private MappedDevice Map(ControlExchange exchange) =>
        stack.Devices.Get(ControlCommands.Need(exchange.Request.Name, "name"));

    private static HeldState Describe(MappedDevice map) => new(
        map.Name,
        [.. map.Held().Select(Describe)],
        [.. (map.Shield?.Ranges ?? []).Select(range => new StaleState(
            range.Begin, range.End - range.Begin))]);

    private static HeldReport Describe(HeldIo held) => new(
        held.Id, held.Operation.ToString().ToLowerInvariant(), held.Offset, held.Length,
        held.AgeNs / 1_000_000, WordOf(held.Reason));

    private static string WordOf(HoldReason reason) => reason switch
    {
        HoldReason.Path => "path",
        HoldReason.Delay => "delay",
        HoldReason.StaleWrite => "stale_write",
        HoldReason.Retries => "retries",
        HoldReason.Overlap => "overlap",
        HoldReason.Cache => "cache",
        HoldReason.Suspended => "suspended",
        HoldReason.None => "none",
        _ => "none",
    };
}
