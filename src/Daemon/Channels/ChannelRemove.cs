// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>
/// A map goes, on all loops or on none: it takes no client from the time when the loops are asked
/// whether somebody uses it. On the lead's loop.
/// </summary>
/// <param name="channels">The loops.</param>
/// <param name="reply">Called once, with the answer.</param>
/// <param name="request">Names the map.</param>
internal sealed class ChannelRemove(
    ChannelSet channels, Action<ControlReply> reply, ControlRequest request)
{
    private readonly string _name = ControlCommands.Need(request.Name, "name");

    public void Begin()
    {
        if (!channels.Lead.Devices.Has(_name))
        {
            // Another that came before it was faster.
            reply(ControlReply.Refused($"no device '{_name}'"));
            return;
        }
        MappedDevice map = channels.Lead.Devices.Get(_name);
        channels.Lead.Exports.Close(map, isClosed: true);
        channels.EachLater(
            (stack, answer) => answer(stack.Changes.WhyInUse(_name)),
            reasons => OnAsked(map, reasons));
    }

    private void OnAsked(MappedDevice map, string?[] reasons)
    {
        if (reasons.FirstOrDefault(reason => reason is not null) is { } inUse)
        {
            channels.Lead.Exports.Close(map, isClosed: false);
            reply(ControlReply.Refused(inUse));
            return;
        }
        channels.Each(stack => stack.Changes.Remove(_name), problems =>
        {
            string? problem = problems.FirstOrDefault(one => one is not null);
            reply(problem is null ? new ControlReply() : ControlReply.Refused(problem));
        });
    }
}
