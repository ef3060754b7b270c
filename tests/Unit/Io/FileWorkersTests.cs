// SPDX-License-Identifier: Apache-2.0
using System.IO.Pipes;
using Braid.Io;
using Braid.Io.Abi;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>File operations on worker threads, with their ends on the loop.</summary>
public sealed class FileWorkersTests : IDisposable
{
    private const int Size = 1 << 20;

    private readonly IoLoop _loop = IoLoops.Start("braid-unit");
    private readonly FileWorkers _workers = new(threads: 3, capacity: 512);
    private readonly string _path = Path.GetTempFileName();
    private readonly OpenFile _file;

    public FileWorkersTests()
    {
        using (FileStream file = File.OpenWrite(_path)) file.SetLength(Size);
        _file = OpenFile.Open(_path, direct: false);
    }

    public void Dispose()
    {
        _workers.Dispose();
        _loop.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public async Task What_was_written_from_many_vectors_is_read_into_many()
    {
        byte[] data = PinnedData.Random(100_000);
        await DoAsync(FileOperation.Write, 4096, Vectors(data, 64));
        File.ReadAllBytes(_path).AsSpan(4096, data.Length).SequenceEqual(data).ShouldBeTrue();
        byte[] back = PinnedData.Make(data.Length);
        TestJob read = await DoAsync(FileOperation.Read, 4096, Vectors(back, 37));
        (read.Errno, read.Done).ShouldBe((0, data.Length));
        back.ShouldBe(data);
    }

    [Fact]
    public async Task A_file_that_is_too_short_is_an_I_O_error_with_what_was_read()
    {
        byte[] back = PinnedData.Make(8192);
        TestJob read = await DoAsync(FileOperation.Read, Size - 4096, Vectors(back, 2));
        (read.Errno, read.Done).ShouldBe((Libc.EIO, 4096));
    }

    [Theory]
    [InlineData(FileOperation.Zero, false)]
    [InlineData(FileOperation.Zero, true)]
    [InlineData(FileOperation.ZeroAllocated, false)]
    [InlineData(FileOperation.ZeroAllocated, true)]
    public async Task A_range_that_was_zeroed_reads_as_zeroes_and_its_neighbours_do_not(
        FileOperation operation, bool durable)
    {
        File.WriteAllBytes(_path, [.. Enumerable.Repeat((byte)7, Size)]);
        var job = new TestJob { Operation = operation, Offset = 5000, IsDurable = durable };
        job.Length = 300_000;
        await RunAsync(job);
        (job.Errno, job.Done).ShouldBe((0, 300_000));
        byte[] all = File.ReadAllBytes(_path);
        all.Length.ShouldBe(Size);
        all.AsSpan(5000, 300_000).ContainsAnyExcept((byte)0).ShouldBeFalse();
        (all[4999], all[305_000]).ShouldBe(((byte)7, (byte)7));
    }

    [Fact]
    public async Task Data_and_holes_are_told_apart()
    {
        byte[] data = PinnedData.Random(65536);
        await DoAsync(FileOperation.Write, 262_144, Vectors(data, 1));
        (await ExtentAsync(0, Size)).ShouldBe((true, 262_144));
        (await ExtentAsync(262_144, Size - 262_144)).ShouldBe((false, 65536));
        (await ExtentAsync(262_144, 4096)).ShouldBe((false, 4096));
        (await ExtentAsync(524_288, 4096)).ShouldBe((true, 4096));
    }

    [Fact]
    public async Task A_descriptor_that_is_none_is_an_error_of_the_job()
    {
        var job = new TestJob { Operation = FileOperation.Sync };
        await RunAsync(job, fd: -1);
        job.Errno.ShouldBe(9);
        job.Done.ShouldBe(0);
    }

    [Fact]
    public async Task Many_jobs_all_end_on_the_loop()
    {
        int[] ends = new int[400];
        bool onLoop = true;
        var jobs = new List<TestJob>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int left = ends.Length;
        for (int i = 0; i < ends.Length; i++)
        {
            int number = i;
            var job = new TestJob { Operation = FileOperation.Write, Fd = _file.Fd };
            job.Offset = number * 512;
            job.Add(PinnedData.Random(512, (ulong)number + 1), 0, 512);
            job.Ended = _ =>
            {
                onLoop &= _loop.IsCurrent;
                ends[number]++;
                if (--left == 0) done.SetResult();
            };
            jobs.Add(job);
        }
        foreach (TestJob job in jobs) _workers.Submit(_loop, job);
        await done.Task.WaitAsync(SocketBench.Limit);
        onLoop.ShouldBeTrue();
        ends.ShouldAllBe(count => count == 1);
        byte[] all = File.ReadAllBytes(_path);
        for (int i = 0; i < ends.Length; i++)
            all.AsSpan(i * 512, 512).SequenceEqual(PinnedData.Random(512, (ulong)i + 1))
                .ShouldBeTrue();
        foreach (TestJob job in jobs) job.Dispose();
    }

    [Fact]
    public void Disposing_waits_for_the_jobs_that_are_queued()
    {
        int ended = 0;
        using IoLoop loop = IoLoops.Start("braid-unit-2");
        var workers = new FileWorkers(threads: 2, capacity: 64);
        for (int i = 0; i < 64; i++)
        {
            var job = new TestJob { Operation = FileOperation.Sync, Fd = _file.Fd };
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
        var job = new TestJob { Operation = FileOperation.Read, Offset = -1 };
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

    private static List<(byte[] Data, int Offset, int Length)> Vectors(byte[] data, int count)
    {
        var vectors = new List<(byte[], int, int)>();
        int each = data.Length / count;
        for (int i = 0; i < count; i++)
            vectors.Add((data, i * each, i < count - 1 ? each : data.Length - (i * each)));
        return vectors;
    }

    private async Task<(bool IsHole, long Length)> ExtentAsync(long offset, long length)
    {
        var job = new TestJob { Operation = FileOperation.Extent, Offset = offset };
        job.Length = length;
        await RunAsync(job);
        job.Errno.ShouldBe(0);
        return (job.IsHole, job.Done);
    }

    private async Task<TestJob> DoAsync(
        FileOperation operation, long offset, List<(byte[] Data, int Offset, int Length)> vectors)
    {
        var job = new TestJob { Operation = operation, Offset = offset };
        foreach ((byte[] data, int at, int length) in vectors) job.Add(data, at, length);
        await RunAsync(job);
        return job;
    }

    private async Task RunAsync(TestJob job, int? fd = null)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        job.Fd = fd ?? _file.Fd;
        job.Ended = _ => done.SetResult();
        _workers.Submit(_loop, job);
        await done.Task.WaitAsync(SocketBench.Limit);
    }

    private sealed unsafe class TestJob() : FileJob(64)
    {
        public Action<TestJob>? Ended { get; set; }

        public void Add(byte[] data, int offset, int length)
        {
            AddVector(PinnedData.At(data, offset), length);
            Length += length;
        }

        protected override void Completed() => Ended!(this);
    }
}
