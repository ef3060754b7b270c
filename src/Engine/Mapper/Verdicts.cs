// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>What a target says of an I/O on its way down (DM_MAPIO_*).</summary>
public enum MapResult : byte
{
    /// <summary>The target has it and will submit or end it itself.</summary>
    Submitted,

    /// <summary>
    /// The target has it and will have it mapped again; until then it has not begun.
    /// </summary>
    Postponed,

    /// <summary>The clone is ready: the mapper dispatches it.</summary>
    Remapped,

    /// <summary>
    /// Not now: back-pressure; the original waits, and merges, in the mapper's queue.
    /// </summary>
    Requeue,

    /// <summary>Not now, try again after 100 ms or when kicked.</summary>
    DelayRequeue,

    /// <summary>It fails with IoError; the target does not hear of its end.</summary>
    Kill,
}

/// <summary>What a target says of an I/O on its way up (DM_ENDIO_*).</summary>
public enum EndIoResult : byte
{
    /// <summary>The original ends with the status.</summary>
    Done,

    /// <summary>The target will finish it.</summary>
    Incomplete,

    /// <summary>The clone is released; the original is dispatched again at once.</summary>
    Requeue,

    /// <summary>The same after 100 ms or when kicked.</summary>
    DelayRequeue,
}
