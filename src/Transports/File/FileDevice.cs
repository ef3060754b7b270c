// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Transports.File;

/// <summary>
/// A path to a regular file or a block device, by the loop itself where it can (io_uring), else by
/// worker threads: for epoll a file is always ready. With O_DIRECT it goes past the page cache.
/// </summary>
public sealed unsafe class FileDevice : PathDevice
{
    private const int MaxSegments = 256;

    /// <summary>As NBD takes: both may lead to one volume, and this one may come later.</summary>
    private const long MaxBytes = 32 << 20;

    /// <summary>
    /// Of a file opened with O_DIRECT, whose file system does not say what it needs.
    /// </summary>
    private const int DirectBlockSize = 4096;

    /// <summary>A file that is missing, or not the right one, is looked for so often.</summary>
    private const long RetryNs = 5_000_000_000;

    private readonly FileWorkers _workers;
    private readonly string _path;
    private readonly bool _direct;
    private readonly DeviceJob[] _jobs;
    private readonly LoopTimer _retry;
    private OpenFile? _file;

    /// <param name="loop">The loop it is used on.</param>
    /// <param name="workers">Do what the loop cannot; not owned.</param>
    /// <param name="name">As tables call it.</param>
    /// <param name="path">Of an existing file or block device.</param>
    /// <param name="direct">Past the page cache.</param>
    /// <param name="options">Of its queue.</param>
    public FileDevice(
        IoLoop loop, FileWorkers workers, string name, string path, bool direct,
        QueueOptions options)
        : base(loop, name, $"file://{path}{(direct ? "?direct=1" : "")}", options)
    {
        _workers = workers;
        _path = path;
        _direct = direct;
        _retry = loop.CreateTimer(Start);
        _jobs = new DeviceJob[options.Depth];
        for (int tag = 0; tag < _jobs.Length; tag++)
            _jobs[tag] = new DeviceJob(this) { IsDirect = direct };
    }

    public override void Start()
    {
        try
        {
            _file ??= OpenFile.Open(_path, _direct);
        }
        catch (ErrnoException error)
        {
            Lost(error.Message);
            _retry.Arm(RetryNs);
            return;
        }
        QueueLimits limits = LimitsOf(_file);
        // The kernel refuses direct I/O to a part of a block.
        long unused = _file.SizeBytes % limits.LogicalBlockSize;
        Remark = unused == 0
            ? ""
            : $"the last {unused} bytes are not used, its blocks have {limits.LogicalBlockSize}";
        if (Reached(_file.SizeBytes - unused, limits)) return;
        // It may be another one the next time, or have grown to its size.
        _file.Dispose();
        _file = null;
        _retry.Arm(RetryNs);
    }

    public override void Stop()
    {
        _retry.Cancel();
        Lost("stopped");
    }

    public override BlockStatus QueueRequest(Request request)
    {
        if (State != PathState.Up || _file is null) return BlockStatus.Transport;
        DeviceJob job = _jobs[request.Tag];
        job.Begin(request, _file);
        Loop.Submit(job, _workers);
        return BlockStatus.Ok;
    }

    protected override void Dispose(bool disposing)
    {
        // A system call on a file that hangs may still be under way: then the memory must stay.
        if (Statistics.InFlight > 0) return;
        _file?.Dispose();
        _file = null;
        foreach (DeviceJob job in _jobs) job.Dispose();
    }

    private QueueLimits LimitsOf(OpenFile file) => new()
    {
        MaxBytes = MaxBytes,
        MaxSegments = MaxSegments,
        LogicalBlockSize = BlockSizeOf(file),
        MaxDiscardBytes = long.MaxValue,
        MaxWriteZeroesBytes = long.MaxValue,
        WriteCache = true,
        Fua = true,
        ReadOnly = file.IsReadOnly,
        // A block device has no holes to be found.
        Extents = file.SectorBytes == 0,
    };

    private int BlockSizeOf(OpenFile file)
    {
        if (file.SectorBytes > 0) return file.SectorBytes;
        return _direct ? DirectBlockSize : 1;
    }

    /// <summary>The file operation of one tag.</summary>
    private sealed class DeviceJob(FileDevice device) : FileJob(MaxSegments)
    {
        private Request? _request;

        public void Begin(Request request, OpenFile file)
        {
            _request = request;
            Fd = file.Fd;
            IsDevice = file.SectorBytes > 0;
            Operation = OperationOf(request);
            Offset = request.Offset;
            Length = request.Length;
            IsDurable = (request.Flags & BioFlags.Fua) != 0;
            ClearVectors();
            if (request.Operation is not (BlockOperation.Read or BlockOperation.Write)) return;
            for (Bio? bio = request.FirstBio; bio is not null; bio = bio.Next)
                AddVector(bio.Cursor, bio.Left);
        }

        protected override void Completed()
        {
            Request request = _request!;
            _request = null;
            BlockStatus status = FileErrors.ToStatus(Errno);
            if (request.Operation == BlockOperation.Extents && status == BlockStatus.Ok)
                AnswerExtents(request);
            if (status == BlockStatus.Ok) device.Queue.Complete(request, status);
            else device.Queue.Complete(request, status, Done);
        }

        private static FileOperation OperationOf(Request request) => request.Operation switch
        {
            BlockOperation.Read => FileOperation.Read,
            BlockOperation.Write => FileOperation.Write,
            BlockOperation.Flush => FileOperation.Sync,
            BlockOperation.Discard => FileOperation.PunchHole,
            BlockOperation.WriteZeroes when (request.Flags & BioFlags.NoUnmap) == 0 =>
                FileOperation.Zero,
            BlockOperation.WriteZeroes => FileOperation.ZeroAllocated,
            BlockOperation.Extents => FileOperation.Extent,
            _ => throw new ArgumentOutOfRangeException(nameof(request)),
        };

        /// <summary>One extent: the client asks again for what comes behind it.</summary>
        private void AnswerExtents(Request request)
        {
            ulong state = IsHole ? BlockExtent.Hole | BlockExtent.Zero : 0;
            *(BlockExtent*)request.FirstBio!.Data = new BlockExtent(Done, state);
            request.FirstBio.ExtentCount = 1;
        }
    }
}
