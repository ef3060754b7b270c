// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>
/// Real servers, of which one is slow or stands still, and reads that go to another.
/// </summary>
public sealed class HedgedReadTests : InteropTest
{
    private const long Size = 16 << 20;

    /// <summary>
    /// The I/O timeout is far away: without hedges the reads that are at the stopped server would
    /// wait for it.
    /// </summary>
    [Fact]
    public async Task Reads_of_a_server_that_is_stopped_end_by_the_other_and_are_right()
    {
        Needs.Tool("nbdkit", "fio");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "file", volume);
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--io-timeout", "1000",
            "--hedge-reads", "p90", "--hedge-share", "100%");
        // Written, and read once: from then on it is known how long reads take.
        await VerifyAsync(braid);

        a.Process.Stop();
        await VerifyAsync(braid, "--verify_only", "--io_size=4M");

        JsonElement hedges = await HedgesAsync();
        hedges.GetProperty("won").GetInt64().ShouldBeGreaterThan(0);
        a.Process.Continue();
        // The late answers are read, and nothing else of them is seen.
        await VerifyAsync(braid, "--verify_only");
        braid.ShouldHaveFailedNoPath();
    }

    /// <summary>Each of its reads takes 50 ms; those of the other are there at once.</summary>
    [Fact]
    public async Task A_read_that_a_delaying_server_keeps_waiting_is_answered_by_the_other()
    {
        Needs.Tool("nbdkit", "fio");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer slow = Nbdkit("a", "--filter=delay", "file", volume, "rdelay=50ms");
        NbdServerPeer fast = Nbdkit("b", "file", volume);
        NbdServerPeer before = Nbdkit("a", "file", volume);
        await before.StartAsync();
        await fast.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", before.Declared, "--path", fast.Declared, "--selector", "round-robin 0",
            "--hedge-reads", "p99", "--hedge-share", "100");
        await VerifyAsync(braid);
        // The same path, whose server is another one now.
        await before.KillAsync();
        await braid.LogsAsync("Failing path a");
        await slow.StartAsync();
        await braid.LogsAsync("Reinstating path a");
        long before99 = (await HedgesAsync()).GetProperty("won").GetInt64();

        await VerifyAsync(braid, "--verify_only", "--io_size=1M");

        (await HedgesAsync()).GetProperty("won").GetInt64().ShouldBeGreaterThan(before99);
    }

    private static string[] Job(BraidProcess braid, string[] more) => Fio.Arguments(
        braid.Uri, Size, ["--rw=randwrite", "--bs=4k", "--iodepth=8", .. more]);

    private async Task VerifyAsync(BraidProcess braid, params string[] more)
    {
        Peer fio = await StartToolAsync("fio", Job(braid, more));
        (await fio.WaitForExitAsync()).ShouldBe(0, $"{fio}\n{braid.Process}");
    }

    private async Task<JsonElement> HedgesAsync()
    {
        string info = await AskAsync("info", "mpatha", "--json");
        return JsonElement.Parse(info).GetProperty("maps")[0].GetProperty("hedges");
    }
}
