// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// How a hostile NBD server differs from a decent one, as lines: its style, the map over it, the
/// I/O, and edits of single messages by their number.
/// </summary>
internal sealed class ServerTalk(LoopRandom random)
{
    /// <summary>Messages of a handshake: greeting, options, information.</summary>
    private const int Handshake = 8;

    private readonly Twister _twister = new(random);

    public string Make()
    {
        var lines = new List<string> { Style(), Map() };
        long seed = random.Next(int.MaxValue);
        lines.Add(Text($"load {seed} {4 + random.Next(28)} {1 + random.Next(FuzzLoad.MaxDepth)}"));
        if (random.Chance(300)) lines.Add($"tears {_twister.Pick([1, 5, 13, 21, 100, 700])}");
        for (long edits = random.Chance(30) ? 0 : 1 + random.Next(4); edits > 0; edits--)
            lines.Add(Edit());
        return string.Join('\n', lines);
    }

    private static string Text(FormattableString line) =>
        line.ToString(CultureInfo.InvariantCulture);

    private string Style()
    {
        int structured = random.Chance(850) ? 1 : 0;
        int allocation = random.Chance(700) ? 1 : 0;
        long chunks = random.Chance(500) ? 1 : 1 + random.Next(6);
        int block = _twister.Pick([1, 512, 512, 512, 4096]);
        var flags = NbdTransmissionFlags.HasFlags;
        if (random.Chance(800)) flags |= NbdTransmissionFlags.SendFlush;
        if (random.Chance(500)) flags |= NbdTransmissionFlags.SendFua;
        if (random.Chance(500)) flags |= NbdTransmissionFlags.SendTrim;
        if (random.Chance(500)) flags |= NbdTransmissionFlags.SendWriteZeroes;
        int errors = random.Chance(200) ? 100 : 0;
        return Text($"style {structured} {allocation} {chunks} {block} {(ushort)flags} {errors}");
    }

    private string Map() => "map " + _twister.Pick(["failover", "multibus"])
        + _twister.Pick([" rr", " st"]) + _twister.Pick([" rq", " rq", " bio"]);

    private string Edit()
    {
        bool isEarly = random.Chance(200);
        long number = isEarly ? random.Next(Handshake) : Handshake + random.Next(30);
        switch (random.Next(12))
        {
            case 0 or 1 or 2 or 3:
                if (isEarly && random.Chance(300))
                    return Text($"{number} set type {0x80000001 + (ulong)random.Next(9)}");
                return Text($"{number} set {_twister.Pick(ServerEdit.Fields)} {Value()}");
            case 4 or 5:
                ulong delta = _twister.Pick<ulong>([1, 8, 512, ulong.MaxValue, 1UL << 32, 65536]);
                return Text($"{number} add {_twister.Pick(ServerEdit.Fields)} {delta}");
            case 6:
                return Text($"{number} byte {random.Next(40)} {random.Next(256)}");
            case 7:
                return Text($"{number} cut {random.Next(random.Chance(500) ? 40 : 4096)}");
            case 8:
                string inserted = FuzzLine.Hex(_twister.Garbage(1 + random.Next(20)));
                return Text($"{number} insert {random.Next(40)} {inserted}");
            default:
                return Text($"{number} {_twister.Pick(ServerEdit.Moments)} {random.Next(30)}");
        }
    }

    /// <summary>What fits some field of some message, or none.</summary>
    private ulong Value() => random.Next(4) switch
    {
        0 => _twister.Pick<ulong>([0, 1, 2, 3, 5, 12, 22, 28, 75, 95, 108, 0x8001, 0x8002, 0x8003]),
        1 => _twister.Pick<ulong>([1, 2, 3, 4, 0x80000001, 0x80000003, 0x80000005, 0x80000006]),
        2 => ((ulong)random.Next(4) << 32) | (ulong)random.Next(8),
        _ => _twister.Twist(0),
    };
}
