// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// The end of a daemon whose servers have caches of their own: when its clients are gone each map
/// is flushed, and again if that fails. Who comes after it knows not which servers have what it had
/// acknowledged, and would not flush them. On the loop.
/// </summary>
internal sealed class CacheDrain : IBioOwner
{
    private const long PollNs = 10_000_000;
    private const long RetryNs = 100_000_000;

    private readonly MapStack _stack;
    private readonly ILogger _logger;
    private readonly LoopTimer _timer;

    /// <summary>Flushes under way; what has failed among them.</summary>
    private int _left;
    private BlockStatus _failure;
    private bool _isStopped;

    public CacheDrain(IoLoop loop, MapStack stack, ILogger logger)
    {
        _stack = stack;
        _logger = logger;
        _timer = loop.CreateTimer(Poll);
    }

    /// <summary>All that was acknowledged is durable.</summary>
    public bool IsDone { get; private set; }

    public void Begin() => _timer.Arm(0);

    /// <summary>It is not waited for any more.</summary>
    public void Stop()
    {
        _isStopped = true;
        _timer.Cancel();
        if (!IsDone) _logger.LogWarning("what servers have in caches of their own was not flushed");
    }

    public void EndBio(Bio bio)
    {
        if (bio.Status != BlockStatus.Ok) _failure = bio.Status;
        if (--_left > 0 || _isStopped) return;
        IsDone = _failure == BlockStatus.Ok;
        if (!IsDone) _timer.Arm(RetryNs);
    }

    private void Poll()
    {
        if (!_stack.Exports.IsDrained)
        {
            _timer.Arm(PollNs);
            return;
        }
        MappedDevice[] maps = [.. _stack.Devices.All.Where(map => map.Table is not null)];
        _left = maps.Length;
        _failure = BlockStatus.Ok;
        IsDone = _left == 0;
        foreach (MappedDevice map in maps)
            map.Submit(new Bio(this) { Operation = BlockOperation.Flush });
    }
}
