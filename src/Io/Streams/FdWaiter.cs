// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// Awaits readiness of one descriptor on a loop of the control plane. One wait at a time, and the
/// descriptor stays open until it has ended, cancelled or not: only then has the loop stopped
/// watching.
/// </summary>
internal sealed class FdWaiter(EpollLoop loop, int fd) : EpollSource
{
    private TaskCompletionSource? _done;

    public async ValueTask WaitAsync(uint events, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() => Begin(done, events));
        using (cancel.Register(() => loop.Post(() => End(done, cancelled: true))))
            await done.Task.ConfigureAwait(false);
    }

    public override void OnEvents(uint events)
    {
        if (_done is { } done) End(done, cancelled: false);
    }

    private void Begin(TaskCompletionSource done, uint events)
    {
        _done = done;
        loop.Events.Add(this, fd, events);
    }

    private void End(TaskCompletionSource done, bool cancelled)
    {
        if (_done != done) return;
        _done = null;
        loop.Events.Remove(this, fd);
        if (cancelled) done.SetCanceled(CancellationToken.None);
        else done.SetResult();
    }
}
