// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Fuzz;

/// <summary>
/// Messages to a map, with I/O between them. The first line of an input is its table, the others
/// are messages. Whatever they say, all I/O has an end.
/// </summary>
internal sealed class MessageFuzz : FuzzTarget
{
    private const int MaxMessages = 10;

    private static readonly string[] Tables =
    [
        "0 128 multipath 1 queue_if_no_path 0 2 1 round-robin 0 2 1 @a 1 @b 1 "
            + "round-robin 0 1 1 @e 1",
        "0 128 multipath 0 0 1 1 service-time 0 3 0 @a @e @a",
        "0 128 multipath 2 pg_init_retries 2 1 alua 2 2 queue-length 0 1 1 @a 1 "
            + "historical-service-time 0 2 0 @c @d",
        "0 128 multipath 3 queue_if_no_path queue_mode bio 0 1 1 round-robin 0 2 0 @l @e",
        "0 128 multipath 0 0 0 0", "0 128 multipath 1 queue_if_no_path 0 0 0",
        "0 128 delay @a 0 5", "0 128 error", "0 64 linear @a 0 ",
    ];

    private static readonly string[] Words =
    [
        "queue_if_no_path", "fail_if_no_path", "disable_group", "enable_group", "switch_group",
        "fail_path", "reinstate_path", "@a", "@b", "@c", "@d", "@e", "@l", "@nosuch",
        "fail_path @a", "fail_path @e", "\nswitch_group 2", "\nfail_if_no_path", "\n",
    ];

    public override string Name => "message";

    public override int Weight => 250;

    public override long MaxBytes(int length) => 1_048_576 + (4096L * length);

    public override string Make(LoopRandom random)
    {
        var mutator = new Mutator(random, Words);
        var lines = new List<string> { mutator.Pick(Tables) };
        for (long messages = 1 + random.Next(MaxMessages / 2); messages > 0; messages--)
            lines.Add(mutator.Change(mutator.Pick(Corpus.Messages), Corpus.Messages));
        return string.Join('\n', lines);
    }

    public override bool Read(string input)
    {
        string[] lines = input.Split('\n');
        var world = new FuzzWorld();
        MappedDevice map = world.Create(lines[0]);
        bool any = false;
        foreach (string line in lines[1..].Take(MaxMessages))
        {
            world.DoIo(map);
            any |= Send(map, line);
            _ = map.Table!.Describe() + map.Table.Status();
        }
        world.End(map);
        return any;
    }

    /// <summary>True if it was understood. One that was not has changed nothing.</summary>
    private static bool Send(MappedDevice map, string line)
    {
        string before = map.Table!.Describe() + map.Table.Status();
        uint events = map.EventNumber;
        try
        {
            map.Message(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            return true;
        }
        catch (MessageException error)
        {
            Check(error.Message.Length > 0, "an error without words");
            Check(map.Table.Describe() + map.Table.Status() == before, "it changed something");
            Check(map.EventNumber == events, "it raised an event");
            return false;
        }
    }
}
