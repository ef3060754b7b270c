// SPDX-License-Identifier: Apache-2.0
using System.Reflection;

namespace Braid.Tests.Fuzz;

/// <summary>Real inputs to begin with: scenarios and transcripts of tests/Conformance.</summary>
internal static class Corpus
{
    /// <summary>The steps of each scenario.</summary>
    public static string[][] Scenarios { get; } =
        [.. Texts("Scenarios.").Select(text => text.Split('\n'))];

    public static string[] Transcripts { get; } = [.. Texts("Transcripts.")];

    /// <summary>Tables, as `dmsetup` reads them.</summary>
    public static string[] Tables { get; } =
    [
        .. Steps("create", 2), .. Steps("dm", 2), .. Steps("load", 2), .. Steps("try", 1),
        "0 32768 delay @a 0 100", "0 2048 delay @a 0 5 @b 8 0", "0 8 delay @a 0 1 @b 0 2 @c 0 3",
        "0 32768 flakey @a 0 1 1", "0 64 flakey @a 0 0 1 1 drop_writes",
        "0 64 flakey @a 0 1 0 1 error_writes",
        "0 64 flakey @a 0 0 9 6 corrupt_bio_byte 3 r 7 0 drop_writes",
        "0 64 flakey @a 0 0 1 5 corrupt_bio_byte 1 w 255 131072",
        "0 16 zero", "0 8 error\n8 8 zero\n16 8 linear @a 0",
        "0 128 multipath 4 pg_init_retries 3 pg_init_delay_msecs 20 1 alua 1 1 "
            + "queue-length 0 2 1 @a 1 @b 1",
        "0 128 multipath 3 retain_attached_hw_handler queue_mode bio 0 1 1 round-robin 0 1 1 "
            + "@l 1",
    ];

    /// <summary>Messages, as `dmsetup message` takes them.</summary>
    public static string[] Messages { get; } = [.. Steps("message", 2)];

    public static string[] Uris { get; } =
    [
        "nbd://localhost/", "nbd://127.0.0.1:10809/name", "nbd://[::1]:10809/a%20b", "nbd://h",
        "nbd+unix:///disk?socket=/run/x.sock", "nbd+unix://?socket=%2Frun%2Fa%26b.sock",
        "nbds://host/x", "mem:a?size=64M", "mem:b", "mem:c?size=1", "file:///dev/sda",
        "file:///a%20b?direct=1", "file:///x?direct=0", "/dev/nvme0n1", "./disk.img", "../x",
    ];

    /// <summary>What stands behind the first words of all steps of a kind.</summary>
    private static IEnumerable<string> Steps(string step, int words) => Scenarios
        .SelectMany(lines => lines)
        .Select(line => line.Split(' ', words + 1, StringSplitOptions.RemoveEmptyEntries))
        .Where(parts => parts.Length > words && parts[0] == step)
        .Select(parts => parts[words].Replace(" | ", "\n", StringComparison.Ordinal))
        .Distinct();

    private static IEnumerable<string> Texts(string prefix)
    {
        Assembly assembly = Assembly.GetExecutingAssembly();
        foreach (string name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            yield return new StreamReader(stream).ReadToEnd();
        }
    }
}
