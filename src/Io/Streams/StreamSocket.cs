// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// A connected byte stream on a loop. What is given to <see cref="Send"/> leaves in one system call
/// at the end of the turn. Loop's thread only.
/// </summary>
public abstract unsafe class StreamSocket : TurnTask
{
    /// <summary>Vectors that <see cref="IStreamHandler.PrepareReceive"/> may fill.</summary>
    public const int MaxReceiveVectors = 64;

    /// <summary>
    /// After so many bytes of one stream in one turn no further receive begins: others wait.
    /// </summary>
    private const int MaxBytesPerTurn = 256 * 1024;

    private readonly IoLoop _loop;
    private bool _closedTold;

    private protected StreamSocket(IoLoop loop, IStreamHandler handler)
    {
        _loop = loop;
        Handler = handler;
    }

    /// <summary>
    /// Bytes the machine has taken so far. What was before this offset may be reused.
    /// </summary>
    public long SentBytes { get; private set; }

    /// <summary>
    /// Bytes given to <see cref="Send"/> so far: the offset at which the next ones begin.
    /// </summary>
    public long QueuedBytes => SentBytes + Queue.Bytes;

    /// <summary>False as soon as either side has closed.</summary>
    public bool IsOpen { get; private set; } = true;

    private protected bool IsAborted { get; private set; }

    private protected IStreamHandler Handler { get; }

    private protected SendQueue Queue { get; } = new();

    private protected IoLoop Loop => _loop;

    private StreamEnd End { get; set; }

    /// <summary>
    /// Queues bytes; they must stay as they are until <see cref="SentBytes"/> has passed them or
    /// the stream is closed. Ignored on a closed stream, whose handler hears of it anyhow.
    /// </summary>
    public void Send(byte* data, int length)
    {
        if (!IsOpen) return;
        Queue.Add(data, length);
        if (!IsScheduled) _loop.Schedule(this, TurnPhase.Send);
    }

    /// <summary>
    /// After <see cref="IStreamHandler.PrepareReceive"/> has returned 0: asks it again.
    /// </summary>
    public abstract void ResumeReceive();

    /// <summary>
    /// Ends the stream at once; what is queued is dropped. <see cref="IStreamHandler.OnClosed"/>
    /// comes later in the turn, exactly once.
    /// </summary>
    public void Close(string reason) => Close(new StreamEnd(0, reason));

    /// <summary>
    /// As <see cref="Close(string)"/>, and what the machine has taken but not delivered is dropped
    /// (SO_LINGER of 0): the peer shall not get it later, when it can be reached again.
    /// </summary>
    public void Abort(string reason)
    {
        IsAborted = true;
        Close(reason);
    }

    /// <summary>
    /// Drops what is queued and goes on receiving: from now on the stream touches no memory of
    /// before. What lies in it already is told from inside, by
    /// <see cref="IStreamHandler.OnReceived"/>, and may close the stream; what is received later
    /// goes where the handler says when it is asked again. Nothing can be sent any more: the peer
    /// may have got half of something.
    /// </summary>
    public void DropUnsent()
    {
        if (IsOpen) TakeBack();
        Queue.Clear();
    }

    /// <summary>
    /// What the handler has given for a receive is its own again: nothing is written there any
    /// more. What lies in it already is told later, as ever; then the handler is asked anew.
    /// </summary>
    public void RecallReceive()
    {
        if (IsOpen) TakeBackReceive();
    }

    private protected void Close(StreamEnd end)
    {
        if (!IsOpen) return;
        IsOpen = false;
        End = end;
        CloseHandle();
        Queue.Clear();
        _loop.Schedule(this, TurnPhase.Send);
    }

    /// <summary>What a send returned: bytes, or minus errno.</summary>
    private protected void OnSendResult(long result)
    {
        if (result >= 0) Sent(result);
        else OnError("send", (int)-result);
    }

    /// <summary>What a receive returned: bytes, or minus errno.</summary>
    private protected void OnReceiveResult(long result)
    {
        if (result > 0) Handler.OnReceived((int)result);
        else if (result == 0) Close(new StreamEnd(0, "closed by the peer"));
        else OnError("receive", (int)-result);
    }

    /// <summary>
    /// Receives what is there into what the handler gives, and goes on as often as it says. False
    /// when it has paused.
    /// </summary>
    /// <param name="fd">The socket.</param>
    /// <param name="vectors">Room for <see cref="MaxReceiveVectors"/>.</param>
    /// <param name="receives">Receives that this turn has had before.</param>
    private protected bool ReceiveNow(int fd, iovec* vectors, int receives)
    {
        long bytes = 0;
        while (bytes < MaxBytesPerTurn)
        {
            int count = Handler.PrepareReceive(vectors);
            // The handler may have closed it: the number may be another's by now.
            if (!IsOpen) return true;
            if (count == 0) return false;
            Loop.Statistics.SystemCalls++;
            long result = SocketHandle.Receive(fd, vectors, count);
            OnReceiveResult(result);
            if (result <= 0 || !IsOpen || ++receives >= Handler.ReceivesPerTurn) return true;
            bytes += result;
        }
        return true;
    }

    private protected void Sent(long bytes)
    {
        CountSent(bytes);
        Handler.OnSent();
    }

    /// <summary>The machine has taken so many bytes; the handler is not told.</summary>
    private protected void CountSent(long bytes)
    {
        Queue.Consume(bytes);
        SentBytes += bytes;
    }

    /// <summary>
    /// Ends what the machine may be doing with the handler's memory, and tells what it has done.
    /// </summary>
    private protected virtual void TakeBack()
    {
        // Most do nothing with it between two calls.
    }

    /// <summary>Ends a receive that is under way; its result is still to be told.</summary>
    private protected virtual void TakeBackReceive()
    {
        // Most have none between two calls.
    }

    private protected abstract void CloseHandle();

    private protected abstract void Flush();

    protected internal sealed override void RunTask()
    {
        if (IsOpen && !Queue.IsEmpty) Flush();
        if (IsOpen || _closedTold) return;
        _closedTold = true;
        FreeMemory();
        Handler.OnClosed(End);
    }

    /// <summary>After the end, when no call into the handler is under way.</summary>
    private protected virtual void FreeMemory() => Queue.Dispose();

    private void OnError(string what, int errno)
    {
        if (errno is Libc.EAGAIN or Libc.EINTR or Libc.ECANCELED) return;
        Close(new StreamEnd(errno, $"{what}: {Marshal.GetPInvokeErrorMessage(errno)}"));
    }
}
