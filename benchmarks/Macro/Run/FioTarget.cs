// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What a run of fio works on, and by which of its engines.</summary>
/// <param name="Uri">An NBD server, or a file.</param>
/// <param name="Engine">fio's name of it.</param>
internal sealed record FioTarget(string Uri, string Engine = "nbd")
{
    /// <summary>It does one I/O at a time, so that a depth takes as many threads.</summary>
    public bool IsSynchronous => Engine == "psync";

    public static implicit operator FioTarget(string uri) => new(uri);

    /// <summary>fio's options for it.</summary>
    public IEnumerable<string> Options()
    {
        yield return $"--ioengine={Engine}";
        if (!FileUri.IsOne(Uri))
        {
            yield return $"--uri={Uri}";
            yield break;
        }
        FileUri file = FileUri.Of(Uri);
        yield return $"--filename={file.Path}";
        yield return $"--direct={(file.IsDirect ? 1 : 0)}";
        // Or the first of several would find the page cache empty, and the others not.
        yield return "--invalidate=0";
    }
}
