// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Braid.Tests.Interop.Chaos;

/// <summary>What Braid thinks of a path.</summary>
/// <param name="Asked">When it was asked, before it answered.</param>
/// <param name="IsUp">It is connected.</param>
/// <param name="IsActive">It takes I/O.</param>
internal readonly record struct PathView(TimeSpan Asked, bool IsUp, bool IsActive);

/// <summary>
/// Asks a running Braid by its control socket, again and again, what it thinks of its paths.
/// Threads: one task asks, all may look.
/// </summary>
internal sealed class MapView(string controlSocket, string map, IReadOnlyList<string> paths)
{
    private const int IntervalMs = 25;

    private static readonly byte[] List = "{\"command\":\"path_list\"}\n"u8.ToArray();

    private readonly Lock _lock = new();
    private readonly Dictionary<string, PathView> _views = [];

    private byte[] Status => Encoding.UTF8.GetBytes(
        $"{{\"command\":\"status\",\"name\":\"{map}\"}}\n");

    public PathView Of(string path)
    {
        lock (_lock) return _views.GetValueOrDefault(path);
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await LookAsync();
            await Task.Delay(IntervalMs, CancellationToken.None);
        }
    }

    public async Task LookAsync()
    {
        TimeSpan asked = ChaosClock.Now;
        using JsonDocument list = await AskAsync(controlSocket, List);
        using JsonDocument status = await AskAsync(controlSocket, Status);
        HashSet<string> up =
        [
            .. from path in list.RootElement.GetProperty("paths").EnumerateArray()
               where path.GetProperty("state").GetString() == "up"
               select path.GetProperty("name").GetString()!,
        ];
        string[] words = status.RootElement.GetProperty("tables")[0].GetProperty("targets")[0]
            .GetProperty("arguments").GetString()!.Split(' ');
        lock (_lock)
        {
            foreach (string path in paths) Put(path, asked, up.Contains(path), words);
        }
    }

    /// <summary>Sends a line, and returns the answer, also when it is an error.</summary>
    public static async Task<JsonDocument> AskAsync(string socketPath, byte[] line)
    {
        using var socket = new Socket(
            AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath));
        await socket.SendAsync(line);
        using var stream = new NetworkStream(socket);
        return await JsonDocument.ParseAsync(stream);
    }

    /// <summary>In a status line the letter behind a path's name is A or F.</summary>
    private void Put(string path, TimeSpan asked, bool isUp, string[] words)
    {
        int at = Array.IndexOf(words, path);
        bool isActive = at >= 0 && words[at + 1] == "A";
        _views[path] = new PathView(asked, isUp, isActive);
    }
}
