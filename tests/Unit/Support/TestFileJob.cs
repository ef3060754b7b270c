// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit.Support;

/// <summary>A file job over pinned arrays that calls back when it has ended.</summary>
internal sealed class TestFileJob() : FileJob(64)
{
    public Action<TestFileJob>? Ended { get; set; }

    public unsafe void Add(byte[] data, int offset, int length)
    {
        AddVector(PinnedData.At(data, offset), length);
        Length += length;
    }

    /// <summary>Submits it on the loop and waits for its end.</summary>
    public async Task RunAsync(IoLoop loop, FileWorkers workers)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Ended = _ => done.SetResult();
        loop.Post(() => loop.Submit(this, workers));
        await done.Task.WaitAsync(SocketBench.Limit);
    }

    protected override void Completed() => Ended!(this);
}
