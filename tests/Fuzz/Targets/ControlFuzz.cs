// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Daemon;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// The control socket, at the mercy of up to six clients who say anything. Whatever becomes of the
/// maps, somebody who asks for them is answered.
/// </summary>
internal sealed class ControlFuzz : FuzzTarget
{
    private const long Us = 1000;

    private static readonly string[] Questions = ["info", "status", "table", "path_list"];

    public override string Name => "control";

    public override int Weight => 20;

    public override long MaxBytes(int length) => (4 << 20) + (16_384L * length);

    public override string Make(LoopRandom random) => new ControlTalk(random).Make();

    public override bool Read(string input)
    {
        using var world = new ControlWorld();
        int asked = 0;
        foreach (string line in input.Split('\n'))
        {
            Play(world, line);
            if (line.StartsWith("wait", StringComparison.Ordinal))
                world.AskWell(Questions[asked++ % Questions.Length]);
        }
        world.Loop.RunFor(1000 * Us);
        world.AskWell("info");
        return world.End();
    }

    private static void Play(ControlWorld world, string text)
    {
        var line = new FuzzLine(text);
        if (line.Word(0) == "wait") world.Loop.RunFor(line.Number(1, 12_000_000) * Us);
        if (line.Word(0) == "tears") world.Link.TearsAtBytes = line.Number(1, 100_000);
        if (line.Count < 2) return;
        HostileClient client = world.Client(line.Number(0, 5));
        int start = text.IndexOf(line.Word(1), StringComparison.Ordinal) + line.Word(1).Length;
        byte[] said = Encoding.UTF8.GetBytes(text[Math.Min(start + 1, text.Length)..]);
        switch (line.Word(1))
        {
            case "line":
                Say(client, [.. said, (byte)'\n']);
                break;
            case "text":
                Say(client, said);
                break;
            case "bytes":
                Say(client, line.Bytes(2));
                break;
            case "end":
                client.End();
                break;
            case "reset":
                client.Reset();
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// All but what would open files of this machine: that is not the socket's doing.
    /// </summary>
    private static void Say(HostileClient client, byte[] bytes)
    {
        if (!OpensFile([.. client.Sent, .. bytes])) client.Send(bytes);
    }

    private static bool OpensFile(byte[] said)
    {
        int end = Array.IndexOf(said, (byte)'\n');
        if (end < 0) return false;
        try
        {
            string? uri = ControlJson.ReadRequest(said.AsSpan(0, end)).Uri;
            return uri is not null && PathUri.Parse(uri) is FilePathUri;
        }
        catch (ControlException)
        {
            return false;
        }
        catch (UriException)
        {
            return false;
        }
    }
}
