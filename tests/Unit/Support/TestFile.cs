// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit.Support;

/// <summary>A file without a name, all of it a hole.</summary>
internal sealed class TestFile : IDisposable
{
    private readonly OpenFile _file;

    public TestFile(long bytes, string? folder = null)
    {
        string path = Path.Combine(folder ?? Path.GetTempPath(), Path.GetRandomFileName());
        using (FileStream file = File.Create(path)) file.SetLength(bytes);
        _file = OpenFile.Open(path, direct: false);
        File.Delete(path);
    }

    public int Fd => _file.Fd;

    public void Dispose() => _file.Dispose();
}
