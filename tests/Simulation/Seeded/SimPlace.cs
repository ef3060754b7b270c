// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>Where the data of a read was to go at the time its server got it.</summary>
internal sealed unsafe class SimPlace
{
    private readonly Request _read;
    private readonly uint _generation;
    private readonly Bio? _firstBio;
    private readonly List<(nint Data, int Length)> _parts = [];

    /// <param name="read">A clone in flight.</param>
    public SimPlace(Request read)
    {
        _read = read;
        _generation = read.Generation;
        _firstBio = read.FirstBio;
        if (read.Operation != BlockOperation.Read || read.FirstBio is null) return;
        foreach (RequestSegment part in new RequestSegments(read, read.Offset, read.Length))
            _parts.Add(((nint)part.Data, part.Length));
    }

    /// <summary>
    /// Puts the data there if the read has got other memory since: what a transport does that has
    /// not heard of it.
    /// </summary>
    public void Land(byte[] data)
    {
        bool isLate = _read.State == RequestState.InFlight && _read.Generation == _generation
            && _read.FirstBio != _firstBio;
        if (!isLate) return;
        int at = 0;
        foreach ((nint place, int length) in _parts)
        {
            int count = Math.Min(length, data.Length - at);
            if (count > 0) Marshal.Copy(data, at, place, count);
            at += length;
        }
    }
}
