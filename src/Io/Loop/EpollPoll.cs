// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The epoll descriptor of one loop and the table of what it watches. The table's index is epoll's
/// data; a slot is not given out again in the turn in which it was freed, so that an event of the
/// same batch cannot reach a successor.
/// </summary>
internal sealed unsafe class EpollPoll : IDisposable
{
    private const int MaxEvents = 256;

    private static readonly bool IsPacked =
        RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private readonly int _epfd;
    private readonly byte* _events;
    private readonly Stack<int> _free = new();
    private readonly List<int> _freedThisTurn = [];
    private EpollSource?[] _sources = new EpollSource?[64];
    private int _count;

    public EpollPoll()
    {
        _epfd = Libc.epoll_create1(Libc.EPOLL_CLOEXEC);
        if (_epfd < 0) throw ErrnoException.Last("epoll_create1");
        _events = (byte*)NativeMemory.Alloc(MaxEvents, (nuint)sizeof(epoll_event_aligned));
    }

    public void Add(EpollSource source, int fd, uint events)
    {
        Invariant.That(source.Slot < 0);
        if (!_free.TryPop(out int slot)) slot = _count++;
        if (slot == _sources.Length) Array.Resize(ref _sources, slot * 2);
        _sources[slot] = source;
        source.Slot = slot;
        Control(Libc.EPOLL_CTL_ADD, source, fd, events);
    }

    public void Modify(EpollSource source, int fd, uint events) =>
        Control(Libc.EPOLL_CTL_MOD, source, fd, events);

    public void Remove(EpollSource source, int fd)
    {
        if (source.Slot < 0) return;
        Control(Libc.EPOLL_CTL_DEL, source, fd, 0);
        _sources[source.Slot] = null;
        _freedThisTurn.Add(source.Slot);
        source.Slot = -1;
    }

    /// <summary>One epoll_wait. Returns the number of events, 0 also when interrupted.</summary>
    public int Wait(int timeoutMs)
    {
        int count = Libc.epoll_wait(_epfd, _events, MaxEvents, timeoutMs);
        if (count >= 0) return count;
        int errno = Marshal.GetLastPInvokeError();
        if (errno != Libc.EINTR) throw new ErrnoException("epoll_wait", "", errno);
        return 0;
    }

    public void Deliver(int count)
    {
        for (int i = 0; i < count; i++)
        {
            (uint events, ulong slot) = Event(i);
            _sources[slot]?.OnEvents(events);
        }
        if (_freedThisTurn.Count == 0) return;
        foreach (int slot in _freedThisTurn) _free.Push(slot);
        _freedThisTurn.Clear();
    }

    public void Dispose()
    {
        _ = Libc.close(_epfd);
        NativeMemory.Free(_events);
    }

    private (uint Events, ulong Slot) Event(int index)
    {
        if (IsPacked)
        {
            epoll_event_packed* packed = (epoll_event_packed*)_events + index;
            return (packed->events, packed->data);
        }
        epoll_event_aligned* aligned = (epoll_event_aligned*)_events + index;
        return (aligned->events, aligned->data);
    }

    private void Control(int operation, EpollSource source, int fd, uint events)
    {
        epoll_event_packed packed = new() { events = events, data = (ulong)source.Slot };
        epoll_event_aligned aligned = new() { events = events, data = (ulong)source.Slot };
        void* ev = IsPacked ? &packed : &aligned;
        if (Libc.epoll_ctl(_epfd, operation, fd, ev) != 0)
            throw ErrnoException.Last("epoll_ctl");
    }
}
