// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>A client that sends faster than the paths take.</summary>
public sealed class FloodTests : InteropTest
{
    private const long Size = 64 << 20;

    /// <summary>What the commands of one client may hold, and one command more.</summary>
    private const long Bound = (64 + 1) << 20;

    [Fact]
    public async Task Deep_writes_of_1_MiB_over_slow_paths_have_bounded_memory()
    {
        Needs.Tool("nbdkit", "fio");
        string file = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "--filter=delay", "file", file, "wdelay=200ms");
        NbdServerPeer b = Nbdkit("b", "--filter=delay", "file", file, "wdelay=200ms");
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);
        await RunAsync("fio", Fio.Arguments(
            braid.Uri, Size, "--rw=randwrite", "--norandommap", "--bs=1M", "--iodepth=256",
            "--io_size=320M", "--verify=0"));
        braid.ShouldHaveFailedNoPath();
        long most = Number(await braid.ReportAsync(), " most-memory=");
        most.ShouldBeInRange(Bound / 2, Bound);
    }

    private static long Number(string report, string key)
    {
        int start = report.IndexOf(key, StringComparison.Ordinal) + key.Length;
        return long.Parse(
            string.Concat(report[start..].TakeWhile(char.IsAsciiDigit)),
            CultureInfo.InvariantCulture);
    }
}
