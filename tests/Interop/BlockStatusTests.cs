// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>What is allocated: base:allocation, trims and zeroes.</summary>
public sealed class BlockStatusTests : InteropTest
{
    private const long Size = 64 << 20;

    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task The_map_of_a_sparse_file_is_the_same_through_braid(string mode)
    {
        Needs.Tool("nbdkit", "nbdinfo", "dd");
        string volume = await MakeSparseVolumeAsync();
        (NbdServerPeer a, NbdServerPeer b) = await StartServersAsync(volume);
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--queue-mode", mode);

        string direct = await RunAsync("nbdinfo", "--map", a.Uri);
        string through = await RunAsync("nbdinfo", "--map", braid.Uri);

        direct.Split('\n').Length.ShouldBeGreaterThan(3);
        through.ShouldBe(direct);
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task The_map_of_a_local_file_is_the_same_as_its_servers()
    {
        Needs.Tool("nbdkit", "nbdinfo", "dd");
        string volume = await MakeSparseVolumeAsync();
        NbdServerPeer a = Nbdkit("a", "file", volume);
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", $"file://{volume}");

        (await RunAsync("nbdinfo", "--map", braid.Uri))
            .ShouldBe(await RunAsync("nbdinfo", "--map", a.Uri));
    }

    [Fact]
    public async Task The_map_of_a_qcow2_image_is_the_same_through_braid()
    {
        Needs.Tool("qemu-nbd", "qemu-img", "qemu-io", "nbdinfo");
        string image = FilePath("image");
        await RunAsync("qemu-img", "create", "-q", "-f", "qcow2", image, "64M");
        await RunAsync("qemu-io", "-f", "qcow2", "-c", "write 1M 1M", "-c", "write -z 8M 1M",
            "-c", "write 40M 3M", image);
        NbdServerPeer a = QemuNbd("a", "-f", "qcow2", image);
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Uri, "--path", a.Uri);

        (await RunAsync("nbdinfo", "--map", braid.Uri))
            .ShouldBe(await RunAsync("nbdinfo", "--map", a.Uri));
    }

    [Theory]
    [InlineData("--no-sr")]
    [InlineData("--filter=noextents")]
    public async Task Beside_a_path_that_cannot_say_what_is_allocated_no_question_fails(
        string option)
    {
        Needs.Tool("nbdkit", "nbdinfo", "nbdcopy", "cmp");
        string volume = await MakeSparseVolumeAsync();
        NbdServerPeer a = Nbdkit("a", "file", volume);
        NbdServerPeer b = Nbdkit("b", option, "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--selector", "round-robin 0");

        for (int i = 0; i < 4; i++) await RunAsync("nbdinfo", "--map", braid.Uri);
        await RunAsync("nbdcopy", braid.Uri, FilePath("back"));

        await RunAsync("cmp", volume, FilePath("back"));
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Where_no_path_can_say_it_the_context_is_not_offered_or_all_is_data()
    {
        Needs.Tool("nbdkit", "nbdinfo");
        NbdServerPeer a = Nbdkit("a", "--no-sr", "file", await MakeSparseVolumeAsync());
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared);

        string totals = await RunAsync("nbdinfo", "--map", "--totals", braid.Uri);

        totals.ShouldContain("67108864 100.0%");
        totals.ShouldContain("data");
    }

    [Fact]
    public async Task Trimmed_and_zeroed_ranges_are_holes_and_read_as_zeroes()
    {
        Needs.Tool("nbdkit", "nbdinfo", "qemu-io");
        string volume = MakeRandomFile("volume", Size);
        (NbdServerPeer a, NbdServerPeer b) = await StartServersAsync(volume);
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        await QemuIoAsync(braid.Uri, "discard 4M 4M", "write -z -u 16M 4M", "write -z 32M 4M",
            "flush", "read -P 0 4M 4M", "read -P 0 16M 4M", "read -P 0 32M 4M");

        string map = await RunAsync("nbdinfo", "--map", braid.Uri);
        map.ShouldMatch(@"4194304\s+4194304\s+3\s+hole,zero");
        map.ShouldMatch(@"16777216\s+4194304\s+3\s+hole,zero");
        // Without -u the range has to stay allocated.
        map.ShouldNotMatch(@"33554432\s+4194304\s+3\s+hole,zero");
        map.ShouldBe(await RunAsync("nbdinfo", "--map", b.Uri));
    }

    /// <summary>Three islands of data, one of them at the end.</summary>
    private async Task<string> MakeSparseVolumeAsync()
    {
        string volume = MakeSparseFile("volume", Size);
        string part = MakeRandomFile("part", 1 << 20);
        foreach (int at in new[] { 3, 20, 63 })
        {
            await RunAsync("dd", $"if={part}", $"of={volume}", "bs=1M", "conv=notrunc",
                FormattableString.Invariant($"seek={at}"));
        }
        return volume;
    }
}
