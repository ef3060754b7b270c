// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Braid.Io;

/// <summary>
/// A few threads that do file operations for loops, since a file is always "ready" for epoll. A
/// bounded ring hands jobs over. They are started with the first job: a loop on io_uring may never
/// have one. Threads: loops submit, workers take, completions are posted.
/// </summary>
public sealed class FileWorkers : IDisposable
{
    private readonly (IoLoop Loop, FileJob Job)[] _ring;
    private readonly int _threadCount;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _jobs = new(0);
    private Thread[] _threads = [];
    private int _head;
    private int _count;
    private bool _stopping;
    private bool _abandoned;

    /// <summary>
    /// An operation on a file that hangs, on dead NFS say, may take for ever: it must not keep the
    /// process from its end.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <param name="threads">How many operations run at the same time.</param>
    /// <param name="capacity">Jobs that may be queued: the sum of all users' tags.</param>
    public FileWorkers(int threads, int capacity)
    {
        _ring = new (IoLoop, FileJob)[capacity];
        _threadCount = threads;
    }

    /// <summary>There was a job, and so there are threads.</summary>
    internal bool HasStarted
    {
        get
        {
            lock (_lock) return _threads.Length > 0;
        }
    }

    /// <summary>Hands a job over; its completion runs on <paramref name="loop"/>.</summary>
    public void Submit(IoLoop loop, FileJob job)
    {
        lock (_lock)
        {
            Invariant.That(_count < _ring.Length);
            if (_threads.Length == 0) StartThreads();
            _ring[(_head + _count) % _ring.Length] = (loop, job);
            _count++;
        }
        _jobs.Release();
    }

    /// <summary>
    /// Ends the threads when the queued jobs are done. Those that do not end within a second are
    /// left to the end of the process: what they do is told to nobody.
    /// </summary>
    public void Dispose()
    {
        Volatile.Write(ref _stopping, true);
        Thread[] threads;
        lock (_lock) threads = _threads;
        _jobs.Release(_threadCount);
        var clock = Stopwatch.StartNew();
        foreach (Thread thread in threads)
        {
            TimeSpan left = Patience - clock.Elapsed;
            if (thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero)) continue;
            Volatile.Write(ref _abandoned, true);
        }
        if (!_abandoned) _jobs.Dispose();
    }

    private void StartThreads()
    {
        _threads = new Thread[_threadCount];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { Name = $"braid-file-{i}", IsBackground = true };
            _threads[i].Start();
        }
    }

    private void Work()
    {
        while (true)
        {
            _jobs.Wait();
            if (!TryTake(out IoLoop? loop, out FileJob? job))
            {
                if (Volatile.Read(ref _stopping)) return;
                continue;
            }
            job!.Execute();
            if (Volatile.Read(ref _abandoned)) return;
            loop!.Post(job);
        }
    }

    private bool TryTake(out IoLoop? loop, out FileJob? job)
    {
        lock (_lock)
        {
            (loop, job) = (null, null);
            if (_count == 0) return false;
            (loop, job) = _ring[_head];
            _ring[_head] = default;
            _head = (_head + 1) % _ring.Length;
            _count--;
            return true;
        }
    }
}
