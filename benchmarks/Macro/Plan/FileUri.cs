// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>The file below everybody, as Braid's paths name it.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="IsDirect">Opened with O_DIRECT.</param>
internal sealed record FileUri(string Path, bool IsDirect)
{
    private const string Scheme = "file://";
    private const string Direct = "?direct=1";

    /// <summary>Options of qemu-nbd that open it in the same way.</summary>
    public IReadOnlyList<string> QemuCache =>
        IsDirect ? ["--cache=none", "--aio=io_uring"] : ["--cache=writeback", "--aio=io_uring"];

    public static bool IsOne(string uri) => uri.StartsWith(Scheme, StringComparison.Ordinal);

    public static FileUri Of(string uri)
    {
        if (!IsOne(uri)) throw new BenchException($"{uri} is no file");
        bool isDirect = uri.EndsWith(Direct, StringComparison.Ordinal);
        string path = uri[Scheme.Length..(isDirect ? ^Direct.Length : ^0)];
        return new FileUri(Uri.UnescapeDataString(path), isDirect);
    }

    public override string ToString() =>
        Scheme + Uri.EscapeDataString(Path).Replace("%2F", "/", StringComparison.Ordinal)
        + (IsDirect ? Direct : "");
}
