// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// One direction of a simulated connection: bytes in order, late, torn, or held back.
/// </summary>
internal sealed class SimulatedPipe(SimulatedLoop loop, SimulatedLink link)
{
    private readonly Queue<byte[]> _arrived = new();
    private readonly List<byte[]> _held = [];
    private bool _heldEnd;
    private bool _isAborted;
    private int _consumed;
    private long _lastArrivalNs;

    /// <summary>Bytes that were written and not read.</summary>
    private long _unread;

    /// <summary>Called when bytes or the end have arrived.</summary>
    public Action? Readable { get; set; }

    /// <summary>Called when somebody has read, and there is room.</summary>
    public Action? Writable { get; set; }

    /// <summary>
    /// Bytes that may be written now. What is written beyond that is taken all the same: whoever
    /// minds has to ask.
    /// </summary>
    public long Room => Math.Max(0, link.RoomBytes - _unread);

    public int Available { get; private set; }

    /// <summary>The end has arrived: nothing comes any more.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>
    /// The writer has closed, or all was reset, whether the end has arrived or not.
    /// </summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>errno of a reset, or 0 for an orderly end.</summary>
    public int EndErrno { get; private set; }

    public void Write(ReadOnlySpan<byte> data)
    {
        _unread += data.Length;
        while (data.Length > 0)
        {
            int chunk = data.Length;
            if (link.TearsAtBytes > 0) chunk = (int)Math.Min(chunk, 1 + Draw(link.TearsAtBytes));
            byte[] bytes = data[..chunk].ToArray();
            data = data[chunk..];
            At(() => Arrive(bytes));
        }
    }

    /// <summary>The writer has closed: the end arrives after what was written.</summary>
    public void End(int errno)
    {
        IsGivenUp = true;
        At(() => ArriveEnd(errno));
    }

    /// <summary>Both sides see this at once; what is under way is lost.</summary>
    public void Reset(int errno)
    {
        IsGivenUp = true;
        _arrived.Clear();
        _held.Clear();
        Available = 0;
        ArriveEnd(errno);
    }

    /// <summary>
    /// The writer has dropped the connection: what is under way is lost. What has arrived at a
    /// stopped process it still reads when it goes on.
    /// </summary>
    public void Abort()
    {
        IsGivenUp = true;
        _isAborted = true;
        ArriveEnd(0);
    }

    public int Read(Span<byte> target)
    {
        int read = 0;
        while (read < target.Length && _arrived.TryPeek(out byte[]? first))
        {
            int count = Math.Min(target.Length - read, first.Length - _consumed);
            first.AsSpan(_consumed, count).CopyTo(target[read..]);
            read += count;
            _consumed += count;
            if (_consumed < first.Length) break;
            _arrived.Dequeue();
            _consumed = 0;
        }
        Available -= read;
        _unread -= read;
        if (read > 0 && Room > 0) Writable?.Invoke();
        return read;
    }

    /// <summary>
    /// After <see cref="SimulatedLink.IsHung"/> was cleared: what was held arrives.
    /// </summary>
    public void Release()
    {
        foreach (byte[] bytes in _held) Add(bytes);
        _held.Clear();
        if (_heldEnd) IsEnded = true;
        Readable?.Invoke();
    }

    private long Draw(long bound) => loop.Random.Next(bound);

    private void At(Action action)
    {
        long latency = link.LatencyNs + (link.JitterNs > 0 ? Draw(link.JitterNs) : 0);
        _lastArrivalNs = Math.Max(_lastArrivalNs, loop.NowNs + latency);
        loop.CreateTimer(action).Arm(_lastArrivalNs - loop.NowNs);
    }

    private void Arrive(byte[] bytes)
    {
        if (IsEnded || _isAborted) return;
        if (link.IsHung)
        {
            _held.Add(bytes);
            return;
        }
        Add(bytes);
        Readable?.Invoke();
    }

    private void Add(byte[] bytes)
    {
        _arrived.Enqueue(bytes);
        Available += bytes.Length;
    }

    private void ArriveEnd(int errno)
    {
        if (IsEnded) return;
        if (link.IsHung && errno == 0)
        {
            _heldEnd = true;
            return;
        }
        IsEnded = true;
        EndErrno = errno;
        Readable?.Invoke();
    }
}

/// <summary>
/// How the connections of a simulated network behave; may be changed at any time.
/// </summary>
public sealed class SimulatedLink
{
    /// <summary>One way.</summary>
    public long LatencyNs { get; set; } = 50_000;

    /// <summary>Up to this much more, drawn for each delivery; order is kept.</summary>
    public long JitterNs { get; set; }

    /// <summary>Deliveries are torn into pieces of up to this size; 0 leaves them whole.</summary>
    public int TearsAtBytes { get; set; }

    /// <summary>
    /// Nothing arrives any more, and nobody is told: a stopped process, a dead cable.
    /// </summary>
    public bool IsHung { get; set; }

    /// <summary>
    /// Bytes of one direction that nobody has read yet: the socket buffers. A stream sends no more
    /// until some were.
    /// </summary>
    public long RoomBytes { get; set; } = long.MaxValue;

    /// <summary>New connections are refused.</summary>
    public bool IsRefusing { get; set; }
}
