// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// What NBD clients say, as lines: a number for the client, a verb, its fields. Made as decent
/// clients say it, and then changed.
/// </summary>
internal sealed class ClientTalk(LoopRandom random)
{
    private const int MaxLines = 120;

    private readonly Twister _twister = new(random);

    public string Make()
    {
        List<string> lines = Talk(0);
        for (int client = 1; client < 3 && random.Chance(500); client++)
            lines = Interleave(lines, Talk(client));
        for (long changes = random.Next(5); changes > 0; changes--) Change(lines);
        if (random.Chance(300))
        {
            int tears = random.Chance(30) ? 1 : _twister.Pick([7, 13, 27, 100, 700]);
            lines.Insert(0, Text($"tears {tears}"));
        }
        return string.Join('\n', lines.Take(MaxLines));
    }

    /// <summary>The bytes of a line, as they go out; null for one that says nothing.</summary>
    public static byte[]? BytesOf(FuzzLine line)
    {
        switch (line.Word(1))
        {
            case "flags":
                byte[] flags = new byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(flags, (uint)line.Number(2));
                return flags;
            case "option":
                return Option(line);
            case "command":
                byte[] bytes = new byte[NbdProtocol.RequestSize];
                new NbdRequest(
                    (NbdCommandFlags)line.Number(2), (NbdCommand)line.Number(3), line.Number(4),
                    line.Number(5), (uint)line.Number(6)).Write(bytes);
                return bytes;
            case "payload":
                byte[] payload = new byte[line.Number(2, 256 * 1024)];
                Array.Fill(payload, (byte)line.Number(3));
                return payload;
            case "bytes":
                return line.Bytes(2);
            default:
                return null;
        }
    }

    private static byte[] Option(FuzzLine line)
    {
        byte[] data = line.Bytes(4);
        byte[] bytes = new byte[NbdProtocol.OptionHeaderSize + data.Length];
        new NbdOptionHeader((NbdOption)line.Number(2), (uint)line.Number(3)).Write(bytes);
        data.CopyTo(bytes, NbdProtocol.OptionHeaderSize);
        return bytes;
    }

    private static string Text(FormattableString line) =>
        line.ToString(CultureInfo.InvariantCulture);

    private static string OptionLine(int client, NbdOption option, byte[] data) =>
        Text($"{client} option {(uint)option} {data.Length} {FuzzLine.Hex(data)}");

    private static byte[] Name(string name, params byte[] rest)
    {
        byte[] bytes = new byte[4 + Encoding.UTF8.GetByteCount(name)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)bytes.Length - 4);
        Encoding.UTF8.GetBytes(name, bytes.AsSpan(4));
        return [.. bytes, .. rest];
    }

    private List<string> Talk(int client)
    {
        var lines = new List<string> { $"{client} flags {(random.Chance(900) ? 3 : 1)}" };
        for (long options = random.Next(4); options > 0; options--) AddOption(lines, client);
        if (random.Chance(50)) return lines;
        byte[] go = Name(random.Chance(800) ? "x" : "", 0, 0);
        if (random.Chance(850)) lines.Add(OptionLine(client, NbdOption.Go, go));
        else lines.Add(OptionLine(client, NbdOption.ExportName, [.. "x"u8]));
        for (long commands = random.Next(16); commands > 0; commands--)
            AddCommand(lines, client);
        if (random.Chance(700)) lines.Add($"{client} {_twister.Pick(["end", "reset", "leave"])}");
        return lines;
    }

    private void AddOption(List<string> lines, int client)
    {
        byte[] context = [0, 0, 0, 1, .. Name(NbdProtocol.AllocationContext)];
        switch (random.Next(10))
        {
            case 0 or 1 or 2:
                lines.Add(OptionLine(client, NbdOption.StructuredReply, []));
                if (random.Chance(500))
                    lines.Add(OptionLine(client, NbdOption.SetMetaContext, Name("x", context)));
                break;
            case 3:
                lines.Add(OptionLine(client, NbdOption.SetMetaContext, Name("x", context)));
                break;
            case 4:
                lines.Add(OptionLine(client, NbdOption.ListMetaContext, Name("", 0, 0, 0, 0)));
                break;
            case 5:
                lines.Add(OptionLine(client, NbdOption.List, []));
                break;
            case 6:
                lines.Add(OptionLine(client, NbdOption.Info, Name("x", 0, 2, 0, 3, 0, 0)));
                break;
            case 7:
                lines.Add(OptionLine(client, NbdOption.StartTls, []));
                break;
            case 8:
                lines.Add(OptionLine(client, NbdOption.Abort, []));
                break;
            default:
                byte[] data = _twister.Garbage(random.Next(20));
                lines.Add(OptionLine(client, (NbdOption)random.Next(20), data));
                break;
        }
    }

    private void AddCommand(List<string> lines, int client)
    {
        const long Blocks = ServerWorld.HalfBytes / FuzzVolume.Block;
        var command = (NbdCommand)_twister.Pick([0, 0, 0, 1, 1, 1, 3, 4, 5, 6, 7, 7]);
        long count = 1 + random.Next(random.Chance(200) ? Blocks : 8);
        long start = random.Next(Blocks - count + 1);
        int flags = _twister.Pick([0, 0, 0, 1, 2, 4, 8, 16]);
        ulong cookie = random.Chance(800) ? (ulong)lines.Count : random.NextUInt64();
        lines.Add(Text($"{client} command {flags} {(ushort)command} {cookie} ")
            + Text($"{start * FuzzVolume.Block} {count * FuzzVolume.Block}"));
        if (command == NbdCommand.Write)
            lines.Add(Text($"{client} payload {count * FuzzVolume.Block} {random.Next(256)}"));
        if (random.Chance(250)) lines.Add(Wait());
    }

    private string Wait() => $"wait {_twister.Pick([1, 10, 49, 51, 100, 200, 1000, 5000])}";

    private List<string> Interleave(List<string> some, List<string> others)
    {
        var all = new List<string>();
        (int i, int k) = (0, 0);
        while (i < some.Count || k < others.Count)
        {
            bool isFirst = k == others.Count || (i < some.Count && random.Chance(500));
            all.Add(isFirst ? some[i++] : others[k++]);
        }
        return all;
    }

    private void Change(List<string> lines)
    {
        int at = (int)random.Next(lines.Count);
        int other = (int)random.Next(lines.Count);
        switch (random.Next(12))
        {
            case 0 when lines.Count > 1:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(other, lines[at]);
                break;
            case 2:
                (lines[at], lines[other]) = (lines[other], lines[at]);
                break;
            case 3:
                lines.Insert(at, $"{random.Next(3)} {_twister.Pick(["end", "reset", "leave"])}");
                break;
            case 4:
                lines.Insert(at, random.Chance(50) ? "wait 10500000" : Wait());
                break;
            case 5:
                byte[] garbage = _twister.Garbage(1 + random.Next(60));
                lines.Insert(at, $"{random.Next(3)} bytes {FuzzLine.Hex(garbage)}");
                break;
            case 6 or 7:
                lines[at] = ChangeBytes(lines[at]);
                break;
            default:
                lines[at] = ChangeField(lines[at]);
                break;
        }
    }

    private string ChangeField(string line)
    {
        string[] words = line.Split(' ');
        if (words.Length < 3) return line;
        int at = (int)(2 + random.Next(words.Length - 2));
        words[at] = _twister.Twist(words[at]);
        return string.Join(' ', words);
    }

    private string ChangeBytes(string text)
    {
        var line = new FuzzLine(text);
        return BytesOf(line) is { Length: < 5000 } bytes
            ? $"{line.Word(0)} bytes {FuzzLine.Hex(_twister.Twist(bytes))}"
            : text;
    }
}
