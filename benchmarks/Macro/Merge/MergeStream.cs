// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>A stream of neighbouring 4 KiB writes, in bursts.</summary>
/// <param name="Name">As the table shows it.</param>
/// <param name="About">What it stands for.</param>
/// <param name="Writes">In one burst.</param>
/// <param name="IsPlugged">All of a burst in one turn of the loop; else one in each.</param>
/// <param name="EndsWithFlush">A burst ends with a flush, as a sync does.</param>
/// <param name="PathDepth">Requests that a path takes at the same time.</param>
internal sealed record MergeStream(
    string Name, string About, int Writes, bool IsPlugged, bool EndsWithFlush, int PathDepth)
{
    public const int WriteBytes = 4096;

    private const int Deep = 256;

    public static readonly IReadOnlyList<MergeStream> All =
    [
        new("plugged", "256 writes in one plug", 256, true, false, Deep),
        new("buffered", "a write-back of 512 pages, then a flush", 512, true, true, Deep),
        new("busy", "64 writes one by one, each path takes one request at a time",
            64, false, false, 1),
    ];
}

/// <summary>How a stream left, in one queue mode and one round.</summary>
/// <param name="Seconds">That all bursts took.</param>
/// <param name="Bursts">That ran.</param>
/// <param name="Requests">That left on each path.</param>
/// <param name="Bytes">That were written.</param>
internal sealed record MergeSample(
    double Seconds, int Bursts, IReadOnlyList<long> Requests, long Bytes)
{
    public double MegabytesPerSecond => Bytes / Seconds / 1e6;

    public double KibPerRequest => Bytes / 1024.0 / Requests.Sum();
}
