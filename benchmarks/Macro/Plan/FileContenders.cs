// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>Who is measured on one file: fio itself, servers of the file, Braid.</summary>
internal static class FileContenders
{
    /// <summary>What every ratio is taken to.</summary>
    public static readonly Contender Direct = ByFio("io_uring", ContenderKind.Direct);

    private static readonly Contender QemuNbd = new("qemu-nbd", ContenderKind.Peer,
        Contender.Template($"qemu-nbd {{qemu-listen}} -t -e 16 -x {NbdAddress.ExportName} "
            + "-f raw {qemu-cache} {file}"));

    /// <summary>It reads and writes through the page cache alone.</summary>
    private static readonly Contender NbdkitFile = new("nbdkit-file", ContenderKind.Peer,
        Contender.Template("nbdkit -f {nbdkit-listen} file {file}")) { IsBufferedOnly = true };

    /// <summary>All of them.</summary>
    /// <param name="program">The braid to run.</param>
    /// <param name="arguments">More of its arguments.</param>
    public static IReadOnlyList<Contender> All(string program, string arguments)
    {
        string common = Contender.WithCounters(arguments);
        return
        [
            Direct, ByFio("libaio", ContenderKind.OtherEngine),
            ByFio("psync", ContenderKind.OtherEngine), QemuNbd, NbdkitFile,
            Contender.Braid("braid-epoll", program, common, "--io epoll"),
            Contender.Braid("braid-io_uring", program, common, "--io io_uring"),
        ];
    }

    private static Contender ByFio(string engine, ContenderKind kind) =>
        new($"fio-{engine}", kind, null) { FioEngine = engine };
}
