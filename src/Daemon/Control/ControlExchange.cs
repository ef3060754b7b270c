// SPDX-License-Identifier: Apache-2.0
namespace Braid.Daemon;

/// <summary>A request on its way to its reply. On the loop.</summary>
/// <param name="request">What was asked.</param>
/// <param name="send">Takes the reply.</param>
public sealed class ControlExchange(ControlRequest request, Action<ControlReply> send)
{
    private bool _isOver;

    public ControlRequest Request => request;

    /// <summary>
    /// Called when the client has gone before its reply: what only waits can stop. What was begun
    /// goes on.
    /// </summary>
    public Action? Abandoned { get; set; }

    /// <summary>Answers. What is said after that, or to nobody, is dropped.</summary>
    public void Reply(ControlReply reply)
    {
        if (_isOver) return;
        _isOver = true;
        send(reply);
    }

    public void Done() => Reply(new ControlReply());

    public void Fail(string error) => Reply(ControlReply.Refused(error));

    /// <summary>Nobody waits for the reply any more.</summary>
    public void Abandon()
    {
        if (_isOver) return;
        _isOver = true;
        Abandoned?.Invoke();
    }
}
