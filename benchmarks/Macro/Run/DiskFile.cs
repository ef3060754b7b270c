// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>A file that contenders open themselves, made and filled when first wanted.</summary>
internal sealed class DiskFile(NbdPlan plan, Workspace workspace, Fio fio) : IStorage
{
    private string? _path;

    public double? CpuSeconds => null;

    public ChildProcess? First(Transport transport) => null;

    public async Task<string> UriAsync(Cell cell, int path, CancellationToken cancel)
    {
        if (_path is null)
        {
            _path = workspace.CreateDisk(plan.Size, plan.Folder);
            string uri = new FileUri(_path, false).ToString();
            await fio.FillAsync(new FioTarget(uri, "io_uring"), cancel);
        }
        return new FileUri(_path, cell.IsDirect).ToString();
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
