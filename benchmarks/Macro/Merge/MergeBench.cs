// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Io;

namespace Braid.Bench.Macro;

/// <summary>
/// A stream in a queue mode, and what was measured of it, a sample for each round.
/// </summary>
internal sealed record MergeResult(
    MergeStream Stream, string Mode, IReadOnlyList<MergeSample> Samples);

/// <summary>
/// Each stream through a map of `queue_mode bio` and one of `mq`, over two connections to one
/// nbdkit server; rounds are interleaved, the first is not counted.
/// </summary>
internal sealed class MergeBench(int rounds, TimeSpan length)
{
    public const string Bio = "bio";
    public const string Mq = "mq";

    private const long DeviceBytes = 64L << 20;

    /// <summary>Requests of 512 KiB at most, as a disk with max_sectors=1024 takes them.</summary>
    private static readonly string[] BlockSizes =
    [
        "blocksize-minimum=1", "blocksize-preferred=4K", "blocksize-maximum=512K",
    ];

    private static readonly string[] Modes = [Bio, Mq];

    public async Task<IReadOnlyList<MergeResult>> RunAsync(CancellationToken cancel)
    {
        using var workspace = new Workspace();
        NbdAddress address = NbdAddress.Unix(workspace.NewFile("server.sock"));
        using ChildProcess server = ChildProcess.Start(
            ["nbdkit", "-f", .. address.NbdkitListen, "--filter=blocksize-policy", "memory",
                DeviceBytes.ToString(CultureInfo.InvariantCulture), .. BlockSizes],
            workspace.NewFile("server.log"));
        await NbdProbe.WaitAsync("nbdkit", server, address, cancel);
        using var network = new SocketNetwork();
        using var loop = IoLoops.Start("bench-io-0");
        string[] uris = [address.UriOf("p0"), address.UriOf("p1")];
        var samples = new Dictionary<(MergeStream, string), List<MergeSample>>();
        foreach (MergeStream stream in MergeStream.All)
            foreach (string mode in Modes) samples[(stream, mode)] = [];
        for (int round = 0; round <= rounds; round++)
        {
            foreach (MergeStream stream in MergeStream.All)
            {
                foreach (string mode in round % 2 == 0 ? Modes : Modes.Reverse())
                {
                    MergeSample sample = await MeasureAsync(
                        loop, new MergeMap(loop, network, mode, stream.PathDepth, uris), stream,
                        cancel);
                    if (round > 0) samples[(stream, mode)].Add(sample);
                }
            }
        }
        return [.. samples.Select(one => new MergeResult(one.Key.Item1, one.Key.Item2, one.Value))];
    }

    private async Task<MergeSample> MeasureAsync(
        IoLoop loop, MergeMap map, MergeStream stream, CancellationToken cancel)
    {
        try
        {
            loop.Post(map.Start);
            await map.Ready.WaitAsync(cancel);
            MergeLoad load = await loop.CallAsync(() =>
            {
                var made = new MergeLoad(loop, map, stream, length);
                made.Begin();
                return made;
            });
            return await load.Done.WaitAsync(cancel);
        }
        finally
        {
            await loop.CallAsync(() =>
            {
                map.Dispose();
                return true;
            });
        }
    }
}
