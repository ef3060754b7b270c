// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>The contenders' processes, each started when a cell first needs it and kept.</summary>
internal sealed class Endpoints(Workspace workspace, IStorage storage) : IDisposable
{
    private readonly Dictionary<Key, Endpoint> _running = [];
    private readonly Dictionary<Key, string> _broken = [];

    /// <summary>Cells that differ only in what fio does share a process.</summary>
    private sealed record Key(
        Contender Contender, Transport Transport, int Paths, bool IsDirect);

    public async Task<Endpoint> GetAsync(Contender contender, Cell cell, CancellationToken cancel)
    {
        Key key = KeyOf(contender, cell);
        if (_running.TryGetValue(key, out Endpoint? endpoint)) return endpoint;
        // Who could not start once is not waited for again in every cell.
        if (_broken.TryGetValue(key, out string? reason)) throw new BenchException(reason);
        try
        {
            return _running[key] = await StartAsync(contender, cell, cancel);
        }
        catch (BenchException exception)
        {
            _broken.Add(key, exception.Message);
            throw;
        }
    }

    /// <summary>Ends the process after a failed run: the next cell gets a fresh one.</summary>
    public void Discard(Contender contender, Cell cell)
    {
        if (_running.Remove(KeyOf(contender, cell), out Endpoint? endpoint)) endpoint.Dispose();
    }

    public void Dispose()
    {
        foreach (Endpoint endpoint in _running.Values) endpoint.Dispose();
    }

    private static Key KeyOf(Contender contender, Cell cell) => new(
        contender, cell.Transport, contender.Command is { DependsOnPaths: true } ? cell.Paths : 1,
        cell.IsDirect);

    private async Task<Endpoint> StartAsync(
        Contender contender, Cell cell, CancellationToken cancel)
    {
        string[] uris = new string[cell.Paths];
        for (int path = 0; path < uris.Length; path++)
            uris[path] = await storage.UriAsync(cell, path, cancel);
        if (contender.Command is null) return new Endpoint(contender, uris[0], null, "");

        NbdAddress address = cell.Transport == Transport.Tcp
            ? NbdAddress.FreeTcp()
            : NbdAddress.Unix(workspace.NewFile("out.sock"));
        string stats = workspace.NewFile("stats.json");
        ChildProcess process = ChildProcess.Start(
            contender.Command.Expand(new TemplateValues(uris, address, stats)),
            workspace.NewFile($"{contender.Name}.log"));
        try
        {
            await NbdProbe.WaitAsync(contender.Name, process, address, cancel);
        }
        catch
        {
            process.Dispose();
            throw;
        }
        return new Endpoint(contender, address.Uri, process, stats);
    }
}
