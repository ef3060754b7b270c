// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Fuzz;

/// <summary>
/// Tables of all targets. One that loads takes I/O, prints what loads again and prints the same,
/// and is gone without a trace when its device is removed.
/// </summary>
internal sealed class TableFuzz : FuzzTarget
{
    private static readonly string[] Words =
    [
        "linear", "error", "zero", "delay", "flakey", "multipath", "striped", "@a", "@b", "@c",
        "@d", "@e", "@s", "@l", "@unknown", "@nosuch", "8:0", "queue_if_no_path",
        "retain_attached_hw_handler", "pg_init_retries", "pg_init_delay_msecs", "queue_mode",
        "bio", "rq", "mq", "alua", "emc", "round-robin", "queue-length", "service-time",
        "historical-service-time", "io-affinity", "drop_writes", "error_writes",
        "corrupt_bio_byte", "r", "w", "f", "ff,00000001", "ffffffff,ffffffff",
        "1 1 round-robin 0 1 1 @a 1", "0 0 1 1 queue-length 0 2 1 @b 1 @c 1",
        "service-time 0 2 2 @a 1 3 @e 1 0", "\n0 8 error", "\n8 8 zero", "2 queue_mode bio",
    ];

    /// <summary>To change what is wrong already leads nowhere new, mostly.</summary>
    private static readonly string[] Good = [.. Corpus.Tables.Where(FuzzWorld.Loads)];

    public override string Name => "table";

    public override int Weight => 400;

    public override long MaxBytes(int length) => 524_288 + (8192L * length);

    public override string Make(LoopRandom random)
    {
        var mutator = new Mutator(random, Words);
        string[] from = random.Chance(850) ? Good : Corpus.Tables;
        return mutator.Change(mutator.Pick(from), Corpus.Tables);
    }

    public override bool Read(string input)
    {
        var world = new FuzzWorld();
        MappedDevice map;
        try
        {
            map = world.Create(input);
        }
        catch (TableException error)
        {
            Check(error.Message.Length > 0, "an error without words");
            world.CheckClosed();
            return false;
        }
        CheckPrinted(world, map);
        world.DoIo(map);
        world.End(map);
        return true;
    }

    private static void CheckPrinted(FuzzWorld world, MappedDevice map)
    {
        string printed = map.Table!.Describe();
        Check(map.Table.Status().Split('\n').Length == map.Table.Entries.Count, "status lines");
        try
        {
            world.Load(map, printed);
        }
        catch (TableException error)
        {
            throw new FuzzException($"what it prints does not load: {error.Message}: {printed}");
        }
        string again = map.InactiveTable!.Describe();
        Check(again == printed, $"it prints {printed} and that prints {again}");
        map.Clear();
    }
}
