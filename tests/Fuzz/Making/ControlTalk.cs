// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>
/// What clients of the control socket say, as lines: a number for the client, a verb, and the rest.
/// Requests of all kinds, changed in their form and in their words.
/// </summary>
internal sealed class ControlTalk(LoopRandom random)
{
    private const int MaxLines = 24;

    private static readonly string[] Requests =
    [
        """{"command":"info"}""", """{"command":"info","name":"mp"}""",
        """{"command":"table","name":"mp"}""", """{"command":"table","inactive":true}""",
        """{"command":"status","name":"mp"}""", """{"command":"status"}""",
        """{"command":"create","name":"z","table":"0 64 zero","exports":["""
            + "\"nbd+unix:///z?socket=/fuzz/z\"]}",
        """{"command":"create","name":"l","table":"0 8 linear a 8\n8 8 error"}""",
        """{"command":"create","name":"m","table":"0 2048 multipath 1 queue_if_no_path """
            + "0 1 1 service-time 0 2 0 a b\"}",
        """{"command":"reload","name":"mp","table":"0 2048 multipath 0 0 1 1 """
            + "queue-length 0 1 0 b\"}",
        """{"command":"suspend","name":"mp"}""",
        """{"command":"suspend","name":"mp","noflush":true,"nolockfs":true}""",
        """{"command":"resume","name":"mp"}""", """{"command":"remove","name":"mp"}""",
        """{"command":"rename","name":"mp","new_name":"pm"}""",
        """{"command":"wait","name":"mp"}""", """{"command":"wait","name":"mp","event":7}""",
        """{"command":"message","name":"mp","words":["fail_path","a"]}""",
        """{"command":"message","name":"mp","words":["reinstate_path","a"]}""",
        """{"command":"message","name":"mp","words":["queue_if_no_path"]}""",
        """{"command":"path_add","name":"p","uri":"mem:v"}""",
        """{"command":"path_add","name":"q","uri":"mem:w?size=2M"}""",
        """{"command":"path_add","name":"n","uri":"nbd+unix:///x?socket=/fuzz/none"}""",
        """{"command":"path_remove","name":"p"}""", """{"command":"path_list"}""",
    ];

    private static readonly string[] Words =
    [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "\"command\"", "\"name\":\"mp\"",
        "\"table\":\"0 8 zero\"", "\"event\":0", "\"\\u0000\"", "\\ud800", "\\n", "a", "b",
        "mp", "z", "wait", "suspend", "resume", "remove", "info", "mem:v", "mem:x?size=1G",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "{}", "[]", "[null]", "\"\"", "0", "-1", "1e400", "4294967296", "0.5",
        "\"mp\"", "\"z\"", "\"a\"", "\"\\n\"", "\"\\u0000\"", "\"\\ud800\"",
    ];

    private readonly Twister _twister = new(random);
    private readonly Mutator _mutator = new(random, Words);

    public string Make()
    {
        var lines = new List<string>();
        if (random.Chance(300)) lines.Add($"tears {_twister.Pick([1, 3, 17, 100])}");
        for (long clients = 1 + random.Next(6); clients > 0; clients--) AddClient(lines);
        for (long changes = random.Next(3); changes > 0; changes--)
        {
            (int at, int other) = ((int)random.Next(lines.Count), (int)random.Next(lines.Count));
            (lines[at], lines[other]) = (lines[other], lines[at]);
        }
        return string.Join('\n', lines.Take(MaxLines));
    }

    private void AddClient(List<string> lines)
    {
        long client = random.Next(6);
        string request = _twister.Pick(Requests);
        // A line end would end the line of the input, too: it is said by the verb.
        if (random.Chance(400)) request = ChangeTokens(request);
        if (random.Chance(300))
            request = _mutator.Change(request, Requests).Replace('\n', ' ').Replace('\r', ' ');
        if (random.Chance(150))
        {
            byte[] bytes = _twister.Twist(System.Text.Encoding.UTF8.GetBytes(request));
            lines.Add($"{client} bytes {FuzzLine.Hex(bytes)}");
            lines.Add($"{client} line ");
        }
        else if (random.Chance(150))
        {
            int cut = (int)random.Next(request.Length + 1);
            lines.Add($"{client} text {request[..cut]}");
            if (random.Chance(500)) lines.Add(Wait());
            lines.Add($"{client} line {request[cut..]}");
        }
        else
        {
            lines.Add($"{client} line {request}");
        }
        if (random.Chance(400)) lines.Add(Wait());
        if (random.Chance(300)) lines.Add($"{client} {_twister.Pick(["end", "reset"])}");
    }

    /// <summary>Changes what JSON is made of: values, names, brackets.</summary>
    private string ChangeTokens(string request)
    {
        List<string> tokens = Tokens(request);
        for (long changes = 1 + random.Next(2); changes > 0 && tokens.Count > 0; changes--)
        {
            (int at, int other) = ((int)random.Next(tokens.Count), (int)random.Next(tokens.Count));
            List<string> others = Tokens(_twister.Pick(Requests));
            switch (random.Next(6))
            {
                case 0:
                    tokens.RemoveAt(at);
                    break;
                case 1:
                    tokens.InsertRange(at, [_twister.Pick(others), ","]);
                    break;
                case 2:
                    tokens[at] = tokens[other];
                    break;
                case 3:
                    tokens[at] = _twister.Pick(others);
                    break;
                default:
                    tokens[at] = _twister.Pick(Values);
                    break;
            }
        }
        return string.Concat(tokens);
    }

    private static List<string> Tokens(string json)
    {
        var tokens = new List<string>();
        int start = 0;
        bool isText = false;
        for (int i = 0; i < json.Length; i++)
        {
            if (json[i] == '"') isText = !isText;
            if (isText || (i + 1 < json.Length && char.IsAsciiLetterOrDigit(json[i]))) continue;
            tokens.Add(json[start..(i + 1)]);
            start = i + 1;
        }
        if (start < json.Length) tokens.Add(json[start..]);
        return tokens;
    }

    private string Wait() => $"wait {_twister.Pick([1, 49, 60, 120, 1000, 2_000_100, 11_000_000])}";
}
