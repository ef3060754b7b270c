// SPDX-License-Identifier: Apache-2.0
namespace Braid.Daemon;

/// <summary>What a map holds.</summary>
/// <param name="Name">Of the map.</param>
/// <param name="Ios">I/Os that wait for something, oldest first.</param>
/// <param name="Stale">Where writes of given-up paths may still land.</param>
public sealed record HeldState(
    string Name, IReadOnlyList<HeldReport> Ios, IReadOnlyList<StaleState> Stale);

/// <summary>An I/O that a map holds.</summary>
/// <param name="Id">Its name while it is held.</param>
/// <param name="Operation">read, write, flush, discard, writezeroes or extents.</param>
/// <param name="OffsetBytes">From the start of the map.</param>
/// <param name="LengthBytes">Of the merged whole.</param>
/// <param name="AgeMs">Since it came.</param>
/// <param name="WaitsFor">path, delay, stale_write, retries, overlap, cache or suspended.</param>
public sealed record HeldReport(
    string Id, string Operation, long OffsetBytes, long LengthBytes, long AgeMs, string WaitsFor);

/// <summary>Bytes of a map that a stale write may still reach.</summary>
/// <param name="OffsetBytes">From the start of the map.</param>
/// <param name="LengthBytes">How many.</param>
public sealed record StaleState(long OffsetBytes, long LengthBytes);
