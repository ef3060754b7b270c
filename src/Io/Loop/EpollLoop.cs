// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The loop that runs everywhere: epoll, one receive and one send for each peer and turn.
/// </summary>
internal sealed class EpollLoop : ThreadLoop
{
    private readonly EpollPoll _poll = new();

    /// <summary>Makes the loop and starts its thread.</summary>
    /// <param name="name">Name of the thread, 15 characters at the most are shown by ps.</param>
    public EpollLoop(string name)
        : base(name)
    {
        _poll.Add(new WakeUpSource(WakeUp), WakeUp.Fd, Libc.EPOLLIN);
        Begin();
    }

    public EpollPoll Events => _poll;

    public override StreamSocket Adopt(Connection connection, IStreamHandler handler)
    {
        Invariant.That(IsCurrent);
        return new EpollStream(this, ((SocketConnection)connection).Detach(), handler);
    }

    private protected override int Poll(long waitNs)
    {
        if (waitNs != 0 && IsDeep) Yield();
        Statistics.SystemCalls++;
        return _poll.Wait(TimeoutMs(waitNs));
    }

    private protected override void Deliver(int events) => _poll.Deliver(events);

    private protected override void DisposeBackend() => _poll.Dispose();

    /// <summary>Rounded up: a timer never fires early, at most a millisecond late.</summary>
    private static int TimeoutMs(long waitNs) => waitNs == NoLimit
        ? -1
        : (int)Math.Min(int.MaxValue, (waitNs + 999_999) / 1_000_000);

    private sealed class WakeUpSource(LoopWakeUp wakeUp) : EpollSource
    {
        public override void OnEvents(uint events) => wakeUp.Clear();
    }
}
