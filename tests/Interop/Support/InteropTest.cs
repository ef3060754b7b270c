// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Support;

/// <summary>
/// What each story has: a folder of its own, processes that are ended with it, and the tools it
/// needs. In the end every Braid that still runs must drain and exit 0 within its time.
/// </summary>
public abstract class InteropTest : IAsyncDisposable
{
    private readonly List<Peer> _peers = [];
    private readonly List<BraidProcess> _braids = [];
    private readonly List<IAsyncDisposable> _others = [];

    /// <summary>Its path is short: sun_path has room for 107 bytes.</summary>
    private readonly string _folder = Directory.CreateTempSubdirectory("bi").FullName;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        bool failed = TestContext.Current.TestState?.Result == TestResult.Failed;
        try
        {
            if (failed) Report();
            else await StopBraidsAsync();
        }
        finally
        {
            foreach (IAsyncDisposable other in _others) await other.DisposeAsync();
            foreach (Peer peer in _peers) await peer.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>The path of a file of this test; the file need not exist.</summary>
    private protected string FilePath(string name) => Path.Combine(_folder, name);

    /// <summary>Makes a file of that size, all of it a hole.</summary>
    private protected string MakeSparseFile(string name, long bytes)
    {
        using FileStream file = File.Create(FilePath(name));
        file.SetLength(bytes);
        return file.Name;
    }

    /// <summary>Makes a file of that size full of random bytes.</summary>
    private protected string MakeRandomFile(string name, long bytes)
    {
        using FileStream file = File.Create(FilePath(name));
        byte[] chunk = new byte[1 << 20];
        for (long left = bytes; left > 0; left -= chunk.Length)
        {
            Random.Shared.NextBytes(chunk);
            file.Write(chunk, 0, (int)Math.Min(left, chunk.Length));
        }
        return file.Name;
    }

    private protected NbdServerPeer Nbdkit(string name, params string[] arguments) =>
        NbdServerPeer.Nbdkit(this, _folder, name, arguments);

    private protected NbdServerPeer NbdkitOnTcp(string name, params string[] arguments) =>
        NbdServerPeer.NbdkitOnTcp(this, _folder, name, arguments);

    private protected NbdServerPeer QemuNbd(string name, params string[] arguments) =>
        NbdServerPeer.QemuNbd(this, _folder, name, arguments);

    /// <summary>Two nbdkit servers, a and b, on one file: two paths to one volume.</summary>
    private protected async Task<(NbdServerPeer A, NbdServerPeer B)> StartServersAsync(
        string file)
    {
        NbdServerPeer a = Nbdkit("a", "file", file);
        NbdServerPeer b = Nbdkit("b", "file", file);
        await a.StartAsync();
        await b.StartAsync();
        return (a, b);
    }

    /// <summary>
    /// `braid run` with an export on a unix socket, once it listens. A map of the paths unless the
    /// arguments say more.
    /// </summary>
    private protected Task<BraidProcess> RunBraidAsync(params string[] arguments) =>
        RunBraidOnAsync([$"nbd+unix:///vol?socket={FilePath("m")}"], arguments);

    /// <summary>The same with other exports.</summary>
    private protected async Task<BraidProcess> RunBraidOnAsync(
        string[] exports, params string[] arguments)
    {
        var braid = new BraidProcess(await StartBraidAsync(
            [.. exports.SelectMany(uri => new[] { "--export", uri }), .. arguments]));
        _braids.Add(braid);
        await braid.WaitForExportAsync();
        return braid;
    }

    /// <summary>`braid run` as it is: it may be meant to fail.</summary>
    private protected Task<Peer> StartBraidAsync(params string[] arguments) =>
        StartAsync("braid", "dotnet", [BraidProcess.Program, "run", .. arguments]);

    /// <summary>Starts a program that runs until it is done or the test is.</summary>
    private protected Task<Peer> StartToolAsync(string program, params string[] arguments) =>
        StartAsync(program, program, arguments);

    /// <summary>Runs a program to its end, which must be good. Returns what it printed.</summary>
    private protected async Task<string> RunAsync(string program, params string[] arguments)
    {
        Peer peer = await StartToolAsync(program, arguments);
        int status = await peer.WaitForExitAsync();
        status.ShouldBe(0, $"{peer}\nof {program} {string.Join(' ', arguments)}");
        return string.Join('\n', peer.Output);
    }

    /// <summary>Runs a program to its end, which must be bad. Returns its errors.</summary>
    private protected async Task<string> FailAsync(string program, params string[] arguments)
    {
        Peer peer = await StartToolAsync(program, arguments);
        int status = await peer.WaitForExitAsync();
        status.ShouldNotBe(0, peer.ToString());
        // qemu-io reports a failed command on its standard output.
        return string.Join('\n', peer.Output.Concat(peer.Errors));
    }

    /// <summary>Starts a command that asks the running braid.</summary>
    private protected Task<Peer> StartCommandAsync(params string[] arguments) =>
        StartAsync(
            $"braid {arguments[0]}", "dotnet", [BraidProcess.Program, .. arguments]);

    /// <summary>Has such a command do well. Returns what it printed.</summary>
    private protected async Task<string> AskAsync(params string[] arguments)
    {
        Peer peer = await StartCommandAsync(arguments);
        (await peer.WaitForExitAsync()).ShouldBe(0, $"{peer}\nof {string.Join(' ', arguments)}");
        return string.Join('\n', peer.Output);
    }

    /// <summary>Has it refused, with that status. Returns the only line, its reason.</summary>
    private protected async Task<string> RefusedAsync(int status, params string[] arguments)
    {
        const string Prefix = "braid: ";
        Peer peer = await StartCommandAsync(arguments);
        (await peer.WaitForExitAsync()).ShouldBe(status, peer.ToString());
        string line = peer.Errors.ShouldHaveSingleItem(peer.ToString());
        line.ShouldStartWith(Prefix);
        return line[Prefix.Length..];
    }

    /// <summary>qemu-io commands, in order, on a raw image; they must all do well.</summary>
    private protected async Task<string> QemuIoAsync(string uri, params string[] commands)
    {
        string[] words = [.. commands.SelectMany(command => new[] { "-c", command })];
        string text = await RunAsync("qemu-io", [.. BraidProcess.RawImage, .. words, uri]);
        text.ShouldNotContain("failed");
        return text;
    }

    private protected void Keep(IAsyncDisposable other) => _others.Add(other);

    internal async Task<Peer> StartAsync(
        string name, string program, IEnumerable<string> arguments)
    {
        Peer peer = await Peer.StartAsync(name, program, arguments, _folder);
        _peers.Add(peer);
        return peer;
    }

    private async Task StopBraidsAsync()
    {
        foreach (BraidProcess braid in _braids.Where(braid => !braid.IsStopped))
            await braid.StopAsync();
    }

    private void Report()
    {
        foreach (Peer peer in _peers)
            TestContext.Current.TestOutputHelper?.WriteLine(peer.ToString());
    }
}
