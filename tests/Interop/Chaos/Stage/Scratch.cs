// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// A folder and processes, both gone in the end. In memory where there is /dev/shm: a disk's own
/// pauses would be taken for stalls. One that a killed run has left is removed by the next.
/// </summary>
internal sealed class Scratch : IAsyncDisposable
{
    private const string Prefix = "braid-chaos-";

    private readonly Lock _lock = new();
    private readonly List<Peer> _peers = [];

    public Scratch()
    {
        string root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        foreach (string left in Directory.GetDirectories(root, Prefix + "*")) RemoveIfDead(left);
        string mine = string.Create(
            CultureInfo.InvariantCulture,
            $"{Prefix}{Environment.ProcessId}-{Path.GetRandomFileName().AsSpan(0, 4)}");
        Folder = Directory.CreateDirectory(Path.Combine(root, mine)).FullName;
    }

    public string Folder { get; }

    public string FilePath(string name) => Path.Combine(Folder, name);

    /// <summary>Makes a file of that size, all of it a hole.</summary>
    public string MakeFile(string name, long bytes)
    {
        using FileStream file = File.Create(FilePath(name));
        file.SetLength(bytes);
        return file.Name;
    }

    public async Task<Peer> StartAsync(string name, IReadOnlyList<string> command)
    {
        // In a session of its own: Ctrl-C ends the run, and that ends them, in order.
        Peer peer = await Peer.StartAsync(name, "setsid", command, Folder);
        lock (_lock) _peers.Add(peer);
        return peer;
    }

    /// <summary>Runs a command to its end, which must be good.</summary>
    public async Task RunAsync(IReadOnlyList<string> command)
    {
        Peer peer = await StartAsync(command[0], command);
        int status = await peer.WaitForExitAsync();
        string said = string.Join("; ", peer.Errors);
        await EndAsync(peer);
        if (status == 0) return;
        throw new ChaosException($"{string.Join(' ', command)}: status {status}: {said}");
    }

    /// <summary>Kills a process, which may be stopped, and forgets it.</summary>
    public async Task EndAsync(Peer peer)
    {
        lock (_lock) _peers.Remove(peer);
        await peer.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Peer peer in Enumerable.Reverse(_peers)) await peer.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static void RemoveIfDead(string folder)
    {
        string pid = Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
        if (!Directory.Exists($"/proc/{pid}")) Directory.Delete(folder, recursive: true);
    }
}

/// <summary>The run itself cannot go on: no finding about Braid. The message is one line.</summary>
internal sealed class ChaosException(string message) : Exception(message);
