// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// A file that contenders open themselves, made and filled when first wanted; another one for
/// O_DIRECT: what lies in the page cache to be written would be written by whoever comes next.
/// </summary>
internal sealed class DiskFile(NbdPlan plan, Workspace workspace, Fio fio) : IStorage
{
    private readonly Dictionary<bool, string> _uris = [];

    public double? CpuSeconds => null;

    public ChildProcess? First(Transport transport) => null;

    public async Task<string> UriAsync(Cell cell, int path, CancellationToken cancel)
    {
        if (_uris.TryGetValue(cell.IsDirect, out string? uri)) return uri;
        string file = workspace.CreateDisk(plan.Size, plan.Folder);
        uri = new FileUri(file, cell.IsDirect).ToString();
        await fio.FillAsync(new FioTarget(uri, "io_uring"), cancel);
        return _uris[cell.IsDirect] = uri;
    }

    public void ThrowIfDead()
    {
        // There is no process that could die.
    }

    public void Dispose()
    {
        // The workspace's.
    }
}
