// SPDX-License-Identifier: Apache-2.0
using System.IO.Pipes;
using Braid.Io;
using Braid.Io.Abi;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>File operations, with their ends on the loop.</summary>
public abstract class FileTests : IDisposable
{
    private const int Size = 1 << 20;

    private readonly IoLoop _loop;
    private readonly FileWorkers _workers = new(threads: 3, capacity: 512);
    private readonly string _path = Path.GetTempFileName();
    private readonly OpenFile _file;

    protected FileTests(IoBackend backend)
    {
        _loop = Backends.Start(backend);
        using (FileStream file = File.OpenWrite(_path)) file.SetLength(Size);
        _file = OpenFile.Open(_path, direct: false);
    }

    public void Dispose()
    {
        _workers.Dispose();
        _loop.Dispose();
        _file.Dispose();
        File.Delete(_path);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_written_from_many_vectors_is_read_into_many()
    {
        byte[] data = PinnedData.Random(100_000);
        await DoAsync(FileOperation.Write, 4096, Vectors(data, 64));
        File.ReadAllBytes(_path).AsSpan(4096, data.Length).SequenceEqual(data).ShouldBeTrue();
        byte[] back = PinnedData.Make(data.Length);
        TestFileJob read = await DoAsync(FileOperation.Read, 4096, Vectors(back, 37));
        (read.Errno, read.Done).ShouldBe((0, data.Length));
        back.ShouldBe(data);
    }

    [Fact]
    public async Task A_file_that_is_too_short_is_an_I_O_error_with_what_was_read()
    {
        byte[] back = PinnedData.Make(8192);
        TestFileJob read = await DoAsync(FileOperation.Read, Size - 4096, Vectors(back, 2));
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
        var job = new TestFileJob { Operation = operation, Offset = 5000, IsDurable = durable };
        job.Length = 300_000;
        await RunAsync(job);
        (job.Errno, job.Done).ShouldBe((0, 300_000));
        byte[] all = File.ReadAllBytes(_path);
        all.Length.ShouldBe(Size);
        all.AsSpan(5000, 300_000).ContainsAnyExcept((byte)0).ShouldBeFalse();
        (all[4999], all[305_000]).ShouldBe(((byte)7, (byte)7));
    }

    /// <summary>Zeroes are written there: tmpfs has holes, and no zeroed ranges.</summary>
    [Theory]
    [InlineData(FileOperation.Zero)]
    [InlineData(FileOperation.ZeroAllocated)]
    public async Task A_range_is_zeroed_on_a_file_system_that_knows_no_such_call(
        FileOperation operation)
    {
        string path = Path.Combine("/dev/shm", Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)7, Size)]);
            using OpenFile file = OpenFile.Open(path, direct: false);
            var job = new TestFileJob { Operation = operation, Offset = 4096 };
            job.Length = 600_000;
            await RunAsync(job, file.Fd);
            (job.Errno, job.Done).ShouldBe((0, 600_000));
            byte[] all = File.ReadAllBytes(path);
            all.AsSpan(4096, 600_000).ContainsAnyExcept((byte)0).ShouldBeFalse();
            (all[4095], all[604_096]).ShouldBe(((byte)7, (byte)7));
        }
        finally
        {
            File.Delete(path);
        }
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
        var job = new TestFileJob { Operation = FileOperation.Sync };
        await RunAsync(job, fd: -1);
        job.Errno.ShouldBe(9);
        job.Done.ShouldBe(0);
    }

    [Fact]
    public async Task Many_jobs_all_end_on_the_loop()
    {
        int[] ends = new int[400];
        bool onLoop = true;
        var jobs = new List<TestFileJob>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int left = ends.Length;
        for (int i = 0; i < ends.Length; i++)
        {
            int number = i;
            var job = new TestFileJob
            {
                Operation = FileOperation.Write, Fd = _file.Fd, IsDirect = number % 2 == 0,
            };
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
        await _loop.CallAsync(() =>
        {
            foreach (TestFileJob job in jobs) _loop.Submit(job, _workers);
            return 0;
        });
        await done.Task.WaitAsync(SocketBench.Limit);
        onLoop.ShouldBeTrue();
        ends.ShouldAllBe(count => count == 1);
        byte[] all = File.ReadAllBytes(_path);
        for (int i = 0; i < ends.Length; i++)
            all.AsSpan(i * 512, 512).SequenceEqual(PinnedData.Random(512, (ulong)i + 1))
                .ShouldBeTrue();
        foreach (TestFileJob job in jobs) job.Dispose();
    }

    [Fact]
    public async Task Where_a_range_cannot_be_zeroed_zeroes_are_written()
    {
        // tmpfs has no FALLOC_FL_ZERO_RANGE.
        string path = $"/dev/shm/{Path.GetFileName(_path)}";
        File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)7, 4 * Size)]);
        using OpenFile file = OpenFile.Open(path, direct: false);
        File.Delete(path);
        var job = new TestFileJob { Operation = FileOperation.ZeroAllocated, IsDurable = true };
        (job.Offset, job.Length) = (5000, (3 * Size) + 1);
        await RunAsync(job, file.Fd);
        (job.Errno, job.Done).ShouldBe((0, job.Length));
        byte[] all = PinnedData.Make(4 * Size);
        await DoAsync(FileOperation.Read, 0, Vectors(all, 1), file.Fd);
        all.AsSpan(5000, (3 * Size) + 1).ContainsAnyExcept((byte)0).ShouldBeFalse();
        all.AsSpan(0, 5000).ContainsAnyExcept((byte)7).ShouldBeFalse();
        all.AsSpan((3 * Size) + 5001).ContainsAnyExcept((byte)7).ShouldBeFalse();
    }

    [Fact]
    public async Task What_the_file_refuses_is_told_by_its_number()
    {
        using OpenFile full = OpenFile.Open("/dev/full", direct: false);
        TestFileJob write =
            await DoAsync(FileOperation.Write, 0, Vectors(PinnedData.Random(4096), 2), full.Fd);
        (write.Errno, write.Done).ShouldBe((Libc.ENOSPC, 0));
        var punch = new TestFileJob { Operation = FileOperation.PunchHole, Length = 4096 };
        await RunAsync(punch, full.Fd);
        (punch.Errno, punch.Done).ShouldBe((Libc.ENODEV, 0));
    }

    [Fact]
    public async Task Direct_I_O_moves_whole_blocks_and_refuses_parts()
    {
        using OpenFile file = OpenFile.Open(_path, direct: true);
        byte[] buffer = PinnedData.Random(64 << 10);
        // Pinned arrays are not aligned: from the first page boundary on.
        int start = (int)(-PinnedData.Address(buffer) & 4095);
        List<(byte[], int, int)> vectors = [(buffer, start, 8192), (buffer, start + 8192, 4096)];
        TestFileJob write = await DoAsync(FileOperation.Write, 8192, vectors, file.Fd);
        (write.Errno, write.Done).ShouldBe((0, 12288));
        File.ReadAllBytes(_path).AsSpan(8192, 12288).SequenceEqual(
            buffer.AsSpan(start, 12288)).ShouldBeTrue();
        TestFileJob part =
            await DoAsync(FileOperation.Write, 8192, [(buffer, start, 100)], file.Fd);
        (part.Errno, part.Done).ShouldBe((Libc.EINVAL, 0));
    }

    [Fact]
    public async Task A_durable_write_is_written_whole()
    {
        byte[] data = PinnedData.Random(20_000);
        var job = new TestFileJob
        {
            Operation = FileOperation.Write, IsDurable = true, IsDirect = true,
        };
        job.Add(data, 0, 15_000);
        job.Add(data, 15_000, 5000);
        await RunAsync(job);
        (job.Errno, job.Done).ShouldBe((0, 20_000));
        File.ReadAllBytes(_path).AsSpan(0, 20_000).SequenceEqual(data).ShouldBeTrue();
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
        var job = new TestFileJob { Operation = FileOperation.Extent, Offset = offset };
        job.Length = length;
        await RunAsync(job);
        job.Errno.ShouldBe(0);
        return (job.IsHole, job.Done);
    }

    private async Task<TestFileJob> DoAsync(
        FileOperation operation, long offset, List<(byte[] Data, int Offset, int Length)> vectors,
        int? fd = null)
    {
        // Not looked up: so that the ring does it where there is one.
        var job = new TestFileJob { Operation = operation, Offset = offset, IsDirect = true };
        foreach ((byte[] data, int at, int length) in vectors) job.Add(data, at, length);
        await RunAsync(job, fd);
        return job;
    }

    private Task RunAsync(TestFileJob job, int? fd = null)
    {
        job.Fd = fd ?? _file.Fd;
        return job.RunAsync(_loop, _workers);
    }
}

public sealed class EpollFileTests() : FileTests(IoBackend.Epoll);

public sealed class UringFileTests() : FileTests(IoBackend.IoUring)
{
    private static readonly FileOperation[] Ring =
    [
        FileOperation.Write, FileOperation.Read, FileOperation.Sync, FileOperation.PunchHole,
        FileOperation.Zero, FileOperation.ZeroAllocated,
    ];

    [Fact]
    public async Task Only_what_the_ring_cannot_do_goes_to_a_worker()
    {
        using IoLoop loop = Backends.Start(IoBackend.IoUring);
        // A worker's queue would be full at once.
        using var none = new FileWorkers(threads: 1, capacity: 0);
        using var file = new TestFile(4096);
        foreach (FileOperation operation in Ring)
        {
            using var job = new TestFileJob
            {
                Operation = operation, Fd = file.Fd, IsDirect = true,
            };
            job.Add(PinnedData.Make(4096), 0, 4096);
            await job.RunAsync(loop, none);
            (job.Errno, job.Done).ShouldBe((0, 4096));
        }
    }

    [Fact]
    public async Task A_write_into_the_page_cache_goes_to_a_worker()
    {
        using IoLoop loop = Backends.Start(IoBackend.IoUring);
        using var workers = new FileWorkers(threads: 1, capacity: 1);
        using var file = new TestFile(4096);
        using var job = new TestFileJob { Operation = FileOperation.Write, Fd = file.Fd };
        job.Add(PinnedData.Make(4096), 0, 4096);
        workers.HasStarted.ShouldBeFalse();
        await job.RunAsync(loop, workers);
        workers.HasStarted.ShouldBeTrue();
        (job.Errno, job.Done).ShouldBe((0, 4096));
    }

    [Fact]
    public async Task What_ends_with_the_loop_touches_no_memory_afterwards()
    {
        IoLoop loop = Backends.Start(IoBackend.IoUring);
        using var workers = new FileWorkers(threads: 1, capacity: 1);
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        using var writer = new AnonymousPipeClientStream(
            PipeDirection.Out, pipe.ClientSafePipeHandle);
        byte[] data = PinnedData.Make(512);
        bool ended = false;
        // Not from a place in the file: so it reads from the pipe, which is empty.
        var job = new TestFileJob { Operation = FileOperation.Read, Offset = -1 };
        job.Fd = (int)pipe.SafePipeHandle.DangerousGetHandle();
        job.Add(data, 0, 512);
        job.Ended = _ => ended = true;
        await loop.CallAsync(() =>
        {
            loop.Submit(job, workers);
            return 0;
        });
        await loop.CallAsync(static () => 0);
        loop.Dispose();
        writer.Write([.. Enumerable.Repeat((byte)7, 512)]);
        // What the kernel still had under way would have taken it.
        byte[] left = new byte[512];
        pipe.ReadExactly(left);
        left.ShouldAllBe(stored => stored == 7);
        data.ShouldAllBe(stored => stored == 0);
        ended.ShouldBeFalse();
    }

    [Fact]
    public async Task The_end_of_the_loop_does_not_wait_for_a_file_that_hangs()
    {
        using var stuck = StuckMemory.Make();
        using var file = new TestFile(4096, "/dev/shm");
        IoLoop loop = Backends.Start(IoBackend.IoUring);
        using var workers = new FileWorkers(threads: 1, capacity: 1);
        bool ended = false;
        var job = new TestFileJob { Operation = FileOperation.Write, Fd = file.Fd };
        stuck.AddTo(job);
        job.Ended = _ => ended = true;
        await loop.CallAsync(() =>
        {
            loop.Submit(job, workers);
            return 0;
        });
        await stuck.TouchedAsync().WaitAsync(SocketBench.Limit);
        Thread disposing = new(loop.Dispose) { IsBackground = true };
        disposing.Start();
        disposing.Join(SocketBench.Limit).ShouldBeTrue();
        ended.ShouldBeFalse();
    }
}
