// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

internal enum ContenderKind
{
    /// <summary>The server itself: what every ratio is taken to.</summary>
    Direct,

    /// <summary>The same storage by another engine of fio's.</summary>
    OtherEngine,

    /// <summary>Somebody else's proxy, or server of the same file.</summary>
    Peer,

    /// <summary>What is being judged: Braid, its variants, and commands given by hand.</summary>
    Subject,
}

/// <summary>One of those measured side by side in every cell.</summary>
/// <param name="Name">As tables show it.</param>
/// <param name="Kind">Its part in the ratios.</param>
/// <param name="Command">How its process is started; null for the server itself.</param>
internal sealed record Contender(string Name, ContenderKind Kind, CommandTemplate? Command)
{
    /// <summary>Of fio on the storage itself: its engine; null for its nbd engine.</summary>
    public string? FioEngine { get; init; }

    /// <summary>It cannot open its file with O_DIRECT.</summary>
    public bool IsBufferedOnly { get; init; }

    public static readonly Contender Direct = new("direct", ContenderKind.Direct, null);

    /// <summary>16 connections as `-e`: qemu-nbd serves one by default.</summary>
    public static readonly Contender QemuNbd = new("qemu-nbd", ContenderKind.Peer, Template(
        $"qemu-nbd {{qemu-listen}} -t -e 16 -x {NbdAddress.ExportName} -f raw {{server}}"));

    public static readonly Contender NbdkitNbd = new("nbdkit-nbd", ContenderKind.Peer, Template(
        "nbdkit -f {nbdkit-listen} nbd uri={server}"));

    /// <summary>Braid, with further arguments for `braid run`.</summary>
    public static Contender Braid(string name, string program, params string[] arguments) =>
        new(name, ContenderKind.Subject, new CommandTemplate(
        [
            program, "run", "{paths}", "--export", "{out}", "--name", NbdAddress.ExportName,
            // Several run at once, and nobody asks them anything.
            "--control", "none",
            .. arguments.SelectMany(CommandWords.Split),
        ]));

    /// <summary>
    /// Arguments of `braid run`, with those that have it write its counters, unless they are there.
    /// </summary>
    public static string WithCounters(string arguments) =>
        arguments.Contains("--stats-file", StringComparison.Ordinal)
            ? arguments
            : $"--quiet --stats-file {{stats}} {arguments}";

    /// <summary>Any command line: another build, another proxy.</summary>
    public static Contender Custom(string name, string command) =>
        new(name, ContenderKind.Subject, Template(command));

    /// <summary>Whether the cell is one that it can be measured in.</summary>
    public bool Takes(Cell cell) => !(IsBufferedOnly && cell.IsDirect);

    public override string ToString() => Name;

    public static CommandTemplate Template(string text) => new(CommandWords.Split(text));
}
