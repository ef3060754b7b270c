// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>What a target may ask of the device it belongs to. Loop's thread only.</summary>
public interface ITargetHost
{
    string Name { get; }

    IoLoop Loop { get; }

    /// <summary>True from the start of a suspend without flush until resume.</summary>
    bool IsNoFlushSuspending { get; }

    /// <summary>
    /// A path that takes nothing now is passed over for another (QueueOptions.PassesBusy); the same
    /// as long as the device lives.
    /// </summary>
    bool PassesBusy { get; }

    /// <summary>
    /// Has everything that waits for a path mapped again (dm_mq_kick_requeue_list).
    /// </summary>
    void KickRequeueList();

    /// <summary>Maps a held bio again and dispatches or ends it.</summary>
    void Remap(TargetBio bio);

    /// <summary>Counts a table event and wakes whoever waits for one.</summary>
    void RaiseEvent();

    /// <summary>A line for the log, without the name of the device.</summary>
    void Log(string text);

    /// <summary>A path has failed or was reinstated (the kernel's uevents).</summary>
    void PathChanged(BlockDevice path, bool isActive, int validPaths);
}

/// <summary>Who hears of a mapped device: the daemon, the log. Loop's thread only.</summary>
public interface IMapObserver
{
    /// <summary>A line about the map, in the kernel's words where it has them.</summary>
    void OnLog(MappedDevice map, string text);

    /// <summary>PATH_FAILED or PATH_REINSTATED.</summary>
    void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths);

    /// <summary>
    /// A new table is about to be made live, and nothing is at the targets. Why it must not be, as
    /// one line for the user; null when it may, as in the kernel, which asks nobody.
    /// </summary>
    string? Objection(MappedDevice map, long sizeBytes, QueueLimits limits) => null;
}
