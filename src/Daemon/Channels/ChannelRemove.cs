// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>
/// A map goes, on all loops or on none: it takes no client from the time when the loops are asked
/// whether somebody uses it. On the lead's loop.
/// </summary>
internal sealed class ChannelRemove(ChannelSet channels, ControlExchange exchange)
{
    private readonly string _name = ControlCommands.Need(exchange.Request.Name, "name");

    public void Begin()
    {
        MappedDevice map = channels.Lead.Devices.Get(_name);
        channels.Lead.Exports.Close(map, isClosed: true);
        channels.Gather<string?>(
            (stack, answer) => answer(WhyInUse(stack)), reasons => OnAsked(map, reasons));
    }

    private string? WhyInUse(MapStack stack)
    {
        try
        {
            return stack.Changes.WhyInUse(_name);
        }
        catch (MapperException error)
        {
            // Another command was faster.
            return error.Message;
        }
    }

    private void OnAsked(MappedDevice map, string?[] reasons)
    {
        if (reasons.FirstOrDefault(reason => reason is not null) is { } inUse)
        {
            channels.Lead.Exports.Close(map, isClosed: false);
            exchange.Fail(inUse);
            return;
        }
        channels.Each(stack => stack.Changes.Remove(_name), problems =>
        {
            if (problems.FirstOrDefault(problem => problem is not null) is { } problem)
                exchange.Fail(problem);
            else
                exchange.Done();
        });
    }
}
