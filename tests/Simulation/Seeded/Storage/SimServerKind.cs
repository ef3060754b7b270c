// SPDX-License-Identifier: Apache-2.0
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>What kind of server stands before the volume.</summary>
internal sealed record SimServerKind
{
    public bool StructuredReplies { get; init; }

    /// <summary>Knows GO; else clients have to use EXPORT_NAME.</summary>
    public bool KnowsGo { get; init; }

    /// <summary>Tells its clients of the next two.</summary>
    public bool TellsBlockSize { get; init; }

    /// <summary>Offsets and lengths have to be multiples of it.</summary>
    public int MinBlock { get; init; } = 1;

    /// <summary>Longest payload that it takes.</summary>
    public int MaxPayload { get; init; } = NbdProtocol.MaxPayload;

    /// <summary>Cuts the data of a read anywhere, not only between blocks.</summary>
    public bool CutsAnywhere { get; init; }

    /// <summary>Requests of a connection at the same time; the others wait their turn.</summary>
    public int MostActive { get; init; } = int.MaxValue;

    /// <summary>It has a cache of its own, and loses it when it dies.</summary>
    public bool HasOwnCache { get; init; }

    /// <summary>Groups of paths have to be activated before they take I/O.</summary>
    public bool HasHandlers { get; init; }

    /// <summary>It says what is the storage's own error, too.</summary>
    public bool HasHardErrors { get; init; }

    /// <summary>Has base:allocation.</summary>
    public bool ListsExtents { get; init; }

    public NbdTransmissionFlags Flags { get; init; }

    public bool Has(NbdTransmissionFlags flag) => (Flags & flag) != 0;
}
