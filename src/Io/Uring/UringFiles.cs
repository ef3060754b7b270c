// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// The file operations of a loop: as many as ever were under way at the same time, used again and
/// again. Loop's thread only.
/// </summary>
internal sealed class UringFiles(UringLoop loop)
{
    private readonly Stack<UringFile> _idle = new();

    public void Begin(FileJob job)
    {
        if (!_idle.TryPop(out UringFile? file)) file = Make();
        file.Begin(job);
    }

    private UringFile Make()
    {
        var file = new UringFile(loop, _idle);
        loop.Know(file);
        return file;
    }
}
