// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// Messages for one loop, from many threads, linked through the messages themselves.
/// Threads: any thread pushes; only the loop's takes. Order of one sender is kept.
/// </summary>
internal sealed class MessageQueue
{
    private LoopMessage? _newest;

    public bool IsEmpty => Volatile.Read(ref _newest) is null;

    public void Push(LoopMessage message)
    {
        LoopMessage? seen = Volatile.Read(ref _newest);
        while (true)
        {
            message.Next = seen;
            LoopMessage? found = Interlocked.CompareExchange(ref _newest, message, seen);
            if (found == seen) return;
            seen = found;
        }
    }

    /// <summary>Takes all messages, oldest first, and runs them. Returns how many.</summary>
    public int RunAll()
    {
        if (IsEmpty) return 0;
        LoopMessage? message = Reverse(Interlocked.Exchange(ref _newest, null));
        int count = 0;
        while (message is not null)
        {
            LoopMessage current = message;
            message = current.Next;
            current.Next = null;
            current.Run();
            count++;
        }
        return count;
    }

    private static LoopMessage? Reverse(LoopMessage? newest)
    {
        LoopMessage? oldest = null;
        while (newest is not null)
        {
            LoopMessage? next = newest.Next;
            newest.Next = oldest;
            oldest = newest;
            newest = next;
        }
        return oldest;
    }
}
