// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Daemon;

namespace Braid.Cli;

/// <summary>The commands that let go of I/O that a map holds.</summary>
internal static class HeldCommands
{
    private const int SectorSize = 512;

    public static IEnumerable<Command> Create() => [Fail(), ReleaseStale()];

    /// <summary>
    /// What `status --held` prints: a line for each I/O, in sectors, oldest first.
    /// </summary>
    public static void Print(IReadOnlyList<HeldState> maps)
    {
        foreach (HeldState map in maps)
        {
            foreach (StaleState stale in map.Stale)
                Console.WriteLine(FormattableString.Invariant(
                    $"{map.Name}: stale {Sectors(stale.OffsetBytes, stale.LengthBytes)}"));
            foreach (HeldReport io in map.Ios)
                Console.WriteLine(FormattableString.Invariant(
                    $"{map.Name}: {io.Id} {io.Operation} {Sectors(io.OffsetBytes, io.LengthBytes)}")
                    + FormattableString.Invariant($" {io.AgeMs} ms {io.WaitsFor}"));
        }
    }

    private static string Sectors(long offset, long length) =>
        FormattableString.Invariant($"{offset / SectorSize} {length / SectorSize}");

    private static AskCommand Fail()
    {
        Argument<string> name = ChangeCommands.CreateName();
        var ids = new Argument<string[]>("ID")
        {
            Description = "Of I/Os, as status --held shows them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var all = new Option<bool>("--all") { Description = "All that it holds." };
        return new AskCommand(
            "fail-held", "Have I/O fail that a map holds.",
            parsed => new ControlRequest
            {
                Command = "fail_held",
                Name = parsed.GetRequiredValue(name),
                Ids = Ids(parsed.GetValue(ids) ?? [], parsed.GetValue(all)),
            },
            (_, reply) => Console.WriteLine(
                FormattableString.Invariant($"{reply.Failed} failed")))
            { name, ids, all };
    }

    /// <summary>Null for all: who forgets the ids does not mean that.</summary>
    private static string[]? Ids(string[] ids, bool all)
    {
        if (all == ids.Length > 0)
            throw new UsageException("fail-held needs IDs, or --all instead of them");
        return all ? null : ids;
    }

    private static AskCommand ReleaseStale()
    {
        Argument<string> name = ChangeCommands.CreateName();
        return new AskCommand(
            "release-stale",
            "Let writes go on that wait for stale ones: the given-up paths are fenced, or dead.",
            parsed => new ControlRequest
            {
                Command = "release_stale",
                Name = parsed.GetRequiredValue(name),
            })
            { name };
    }
}
