// SPDX-License-Identifier: Apache-2.0
using System.IO.Pipes;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>The threads that do file operations.</summary>
public sealed class FileWorkersTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();
    private readonly OpenFile _file;

    public FileWorkersTests() => _file = OpenFile.Open(_path, direct: false);

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void Disposing_waits_for_the_jobs_that_are_queued()
    {
        int ended = 0;
        using IoLoop loop = IoLoops.Start("braid-unit-2");
        var workers = new FileWorkers(threads: 2, capacity: 64);
        for (int i = 0; i < 64; i++)
        {
            var job = new TestFileJob { Operation = FileOperation.Sync, Fd = _file.Fd };
            job.Ended = _ => ended++;
            workers.Submit(loop, job);
        }
        workers.Dispose();
        loop.Dispose();
        ended.ShouldBe(64);
    }

    [Fact]
    public void Disposing_does_not_wait_for_a_job_that_hangs()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        bool ended = false;
        using IoLoop loop = IoLoops.Start("braid-unit-3");
        var workers = new FileWorkers(threads: 2, capacity: 64);
        // Not from a place in the file: so it reads from the pipe, which is empty.
        var job = new TestFileJob { Operation = FileOperation.Read, Offset = -1 };
        job.Fd = (int)pipe.SafePipeHandle.DangerousGetHandle();
        job.Add(PinnedData.Make(512), 0, 512);
        job.Ended = _ => ended = true;
        workers.Submit(loop, job);
        Thread disposing = new(workers.Dispose) { IsBackground = true };
        disposing.Start();
        disposing.Join(SocketBench.Limit).ShouldBeTrue();
        loop.Dispose();
        ended.ShouldBeFalse();
    }
}
