// SPDX-License-Identifier: Apache-2.0
namespace Braid.Exports.Nbd;

/// <summary>
/// Commands whose replies were given to the stream, in order, until they are sent.
/// </summary>
internal sealed class NbdReplyQueue
{
    private NbdServerCommand? _first;
    private NbdServerCommand? _last;

    /// <summary>Adds a command whose reply ends at that offset of the stream.</summary>
    public void Add(NbdServerCommand command, long replyEnd)
    {
        command.ReplyEnd = replyEnd;
        command.Next = null;
        if (_last is null) _first = command;
        else _last.Next = command;
        _last = command;
    }

    /// <summary>Takes out the first command, if the stream has sent its reply.</summary>
    public NbdServerCommand? TakeSent(long sentBytes)
    {
        if (_first is not { } first || first.ReplyEnd > sentBytes) return null;
        _first = first.Next;
        if (_first is null) _last = null;
        first.Next = null;
        return first;
    }
}
