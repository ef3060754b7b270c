// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// The file operations of a loop: as many as ever were under way at the same time, used again and
/// again. Loop's thread only.
/// </summary>
internal sealed class UringFiles(UringLoop loop)
{
    private readonly Stack<UringFile> _idle = new();

    /// <param name="job">Begun, and nobody's.</param>
    /// <param name="workers">Do what turns out not to be for the ring.</param>
    public void Begin(FileJob job, FileWorkers workers)
    {
        if (!_idle.TryPop(out UringFile? file)) file = Make();
        file.Begin(job, workers);
    }

    private UringFile Make()
    {
        var file = new UringFile(loop, _idle);
        loop.Know(file);
        return file;
    }
}
