// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>
/// When an I/O may fail: when there was no path at a time at which I/O was not queued for one, or
/// when the storage itself has said so. On the history's clock.
/// </summary>
internal sealed class SimExcuses(BlockHistory history)
{
    private bool _hasNoPath;
    private bool _failsWithoutPath;
    private long _lastNoPath;
    private long _lastFailing;
    private long _lastHardError;

    /// <summary>Something is done to the connections of clients, too.</summary>
    public bool MayLoseClients { get; set; }

    /// <summary>No path of the map works.</summary>
    public bool HasNoPath
    {
        get => _hasNoPath;
        set
        {
            if (_hasNoPath) _lastNoPath = history.Now;
            _hasNoPath = value;
        }
    }

    /// <summary>Without a path I/O fails, or does so for the time of a suspend.</summary>
    public bool FailsWithoutPath
    {
        get => _failsWithoutPath;
        set
        {
            if (_failsWithoutPath) _lastFailing = history.Now;
            _failsWithoutPath = value;
        }
    }

    public void NoteHardError() => _lastHardError = history.Tick();

    /// <summary>Whether an I/O that began then may have failed by now.</summary>
    public bool Covers(long start)
    {
        bool hadNoPath = _hasNoPath || _lastNoPath >= start;
        bool wasFailing = _failsWithoutPath || _lastFailing >= start;
        return (hadNoPath && wasFailing) || _lastHardError >= start;
    }
}
