// SPDX-License-Identifier: Apache-2.0
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>What a client may send to a server of a kind.</summary>
internal static class SimRules
{
    /// <summary>What is wrong with a request; null when nothing is.</summary>
    public static string? Breach(NbdRequest request, SimServerKind kind, long sizeBytes)
    {
        if ((request.Flags & NbdCommandFlags.Fua) != 0 && !kind.Has(NbdTransmissionFlags.SendFua))
            return "it has no FUA";
        switch (request.Command)
        {
            case NbdCommand.Disconnect:
                return null;
            case NbdCommand.Flush:
                if (!kind.Has(NbdTransmissionFlags.SendFlush)) return "it has no flush";
                return request is { Offset: 0, Length: 0 } ? null : "a flush of a range";
            case NbdCommand.Trim when !kind.Has(NbdTransmissionFlags.SendTrim):
                return "it has no trim";
            case NbdCommand.WriteZeroes when !kind.Has(NbdTransmissionFlags.SendWriteZeroes):
                return "it has no write-zeroes";
            case NbdCommand.Read or NbdCommand.Write when request.Length > kind.MaxPayload:
                return $"it takes {kind.MaxPayload} bytes";
            case NbdCommand.BlockStatus when !kind.ListsExtents:
                return "it has no base:allocation";
            case NbdCommand.Read or NbdCommand.Write or NbdCommand.Trim or NbdCommand.WriteZeroes
                or NbdCommand.BlockStatus:
                return Range(request, kind, sizeBytes);
            default:
                return "an unknown command";
        }
    }

    private static string? Range(NbdRequest request, SimServerKind kind, long sizeBytes)
    {
        if (request.Length == 0) return "an empty range";
        if (request.Offset > (ulong)sizeBytes || request.Length > (ulong)sizeBytes - request.Offset)
            return "beyond the end";
        ulong mask = (ulong)kind.MinBlock - 1;
        return ((request.Offset | request.Length) & mask) == 0
            ? null
            : $"its blocks have {kind.MinBlock} bytes";
    }
}
