// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>A step of a transcript: what was typed, and what came of it.</summary>
internal sealed record TranscriptStep(string Command)
{
    public List<string> Output { get; } = [];

    public List<string> Log { get; } = [];

    public int Status { get; set; }

    /// <summary>Reads the steps of a transcript: lines that begin with > | = k.</summary>
    public static List<TranscriptStep> Read(string text)
    {
        var steps = new List<TranscriptStep>();
        foreach (string line in text.Split('\n'))
        {
            if (line.Length < 2 || line[0] == '#') continue;
            string rest = line[2..];
            if (line[0] == '>') steps.Add(new TranscriptStep(rest));
            else if (line[0] == '|') steps[^1].Output.Add(rest);
            else if (line[0] == '=') steps[^1].Status = rest == "0" ? 0 : 1;
            else if (line[0] == 'k') steps[^1].Log.Add(rest);
        }
        return steps;
    }
}

/// <summary>Does the steps of transcripts with devices in memory.</summary>
internal sealed class TranscriptPlayer
{
    private readonly Bench _bench = new();
    private MappedDevice? _map;

    public int Steps { get; private set; }

    public TranscriptStep Play(string command)
    {
        Steps++;
        _bench.Log.Clear();
        var step = new TranscriptStep(command);
        try
        {
            Do(step, command.Replace("@", "", StringComparison.Ordinal).Split(' '));
        }
        catch (Exception error) when (error is TableException or MessageException)
        {
            step.Status = 1;
        }
        step.Log.AddRange(_bench.Log.Select(KernelLine));
        return step;
    }

    private static string KernelLine(string line)
    {
        if (!line.Contains("ing path ", StringComparison.Ordinal))
            return $"device-mapper: multipath {line}";
        int name = line.LastIndexOf(' ') + 1;
        return $"device-mapper: multipath: @mp: {line[..name]}@{line[name..]}";
    }

    /// <summary>Names of devices are single letters, and nothing else in these lines is.</summary>
    private static string Marked(string line) => string.Join(
        ' ', line.Split(' ').Select(word => word is "a" or "b" or "c" or "d" ? "@" + word : word));

    private void Do(TranscriptStep step, string[] words)
    {
        switch (words[0])
        {
            case "disk":
                _bench.Add(words[1]);
                break;
            case "try":
                _map = _bench.Map(string.Join(' ', words[1..]));
                Show(step);
                break;
            case "create":
                _map = _bench.Map(string.Join(' ', words[2..]));
                break;
            case "show":
                Show(step);
                step.Output.Add($"info:   mp:L--w:{_map!.EventNumber}");
                break;
            case "message":
                _map!.Message(words[2..]);
                break;
            case "write":
            case "read":
                Io(step, words[0] == "write");
                break;
            default:
                throw new InvalidOperationException($"unknown step {words[0]}");
        }
    }

    private void Show(TranscriptStep step)
    {
        step.Output.Add($"table:  {Marked(_map!.Table.Describe())}");
        step.Output.Add($"status: {Marked(_map.Table.Status())}");
    }

    private void Io(TranscriptStep step, bool write)
    {
        TestOwner owner = _bench.Owner;
        Bio bio = _map!.Give(write ? owner.Write(0, 4096) : owner.Read(0, 4096));
        _bench.Loop.Settle();
        BlockStatus status = owner.StatusOf(bio);
        step.Status = status == BlockStatus.Ok ? 0 : 1;
        string good = write ? "ok" : "ok match";
        step.Output.Add(step.Status == 0 ? good : $"error {status.ErrnoName()}");
    }
}
