// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>A fresh directory for sockets, logs and reports, gone at the end.</summary>
internal sealed class Workspace : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("braid-bench-").FullName;
    private readonly List<string> _foreign = [];
    private string? _shared;
    private int _files;

    /// <summary>A path that nobody else was given.</summary>
    public string NewFile(string name) =>
        Path.Combine(_directory, $"{Interlocked.Increment(ref _files)}-{name}");

    /// <summary>A file for the device's bytes, in memory where there is /dev/shm.</summary>
    public string CreateDisk(long size)
    {
        string directory = _directory;
        if (Directory.Exists("/dev/shm"))
            directory = _shared ??= Directory.CreateDirectory(
                Path.Combine("/dev/shm", Path.GetFileName(_directory))).FullName;
        string path = Path.Combine(directory, "disk");
        using FileStream disk = File.Create(path);
        disk.SetLength(size);
        return path;
    }

    /// <summary>
    /// The same where the file system takes O_DIRECT: in that folder, or among the others.
    /// </summary>
    public string CreateDisk(long size, string? folder)
    {
        string path = Path.Combine(folder ?? _directory,
            $"{Path.GetFileName(_directory)}.disk{_foreign.Count}");
        try
        {
            using FileStream disk = File.Create(path);
            _foreign.Add(path);
            disk.SetLength(size);
            return path;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BenchException(exception.Message);
        }
    }

    public void Dispose()
    {
        foreach (string path in _foreign) File.Delete(path);
        Directory.Delete(_directory, recursive: true);
        if (_shared is not null) Directory.Delete(_shared, recursive: true);
    }
}
