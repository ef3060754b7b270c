// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Scenario;

/// <summary>Steps that count requests, and that look at a path's history.</summary>
internal static class CountSteps
{
    /// <summary>A history is in 1024ths of a nanosecond.</summary>
    private const long UsOfHistory = 1024 * 1000;

    private const long Ms = 1_000_000;

    public static Task<int> Mark(StepContext context, string[] words)
    {
        foreach (string word in words)
            context.World.Marks[ScenarioWorld.Mark(word)] = Now(context, word);
        return Task.FromResult(0);
    }

    /// <summary>NAME...: requests since the last mark or count.</summary>
    public static Task<int> Count(StepContext context, string[] words)
    {
        foreach (string word in words)
        {
            string name = ScenarioWorld.Mark(word);
            Counts now = Now(context, word);
            context.Print($"{name} {now.Since(LastMark(context, name))}");
            context.World.Marks[name] = now;
        }
        return Task.FromResult(0);
    }

    /// <summary>NAME LOW HIGH: whether reads and writes since the mark are so many.</summary>
    public static Task<int> Between(StepContext context, string[] words)
    {
        string name = ScenarioWorld.Mark(words[0]);
        Counts since = Now(context, words[0]).Since(LastMark(context, name));
        long count = since.Reads + since.Writes;
        context.Print(IsWithin(count, words[1..])
            ? $"{name} in {words[1]}..{words[2]}"
            : $"{name} {count} not in {words[1]}..{words[2]}");
        return Task.FromResult(0);
    }

    /// <summary>NAME PATH LOW HIGH: whether the history is so many microseconds.</summary>
    public static Task<int> History(StepContext context, string[] words)
    {
        string path = ScenarioWorld.Mark(words[1]);
        long us = PathWord(context, words, 0) / UsOfHistory;
        context.Print(IsWithin(us, words[2..])
            ? $"{path} hst in {words[2]}..{words[3]} us"
            : $"{path} hst {us} us not in {words[2]}..{words[3]}");
        return Task.FromResult(0);
    }

    /// <summary>NAME PATH LOW HIGH: whether it becomes stale in so many milliseconds.</summary>
    public static Task<int> Stale(StepContext context, string[] words)
    {
        string path = ScenarioWorld.Mark(words[1]);
        long ms = (PathWord(context, words, 2) / Ms) - (context.World.Loop.NowNs / Ms);
        context.Print(IsWithin(ms, words[2..])
            ? $"{path} stale in {words[2]}..{words[3]} ms"
            : $"{path} stale in {ms} ms, not {words[2]}..{words[3]}");
        return Task.FromResult(0);
    }

    private static bool IsWithin(long value, string[] range) =>
        value >= StepNumbers.Read(range[0]) && value <= StepNumbers.Read(range[1]);

    private static Counts Now(StepContext context, string word)
    {
        BlockDevice device = context.World.Node(word)
            ?? throw new StepException($"no device '{word}'");
        return Counts.Of(device);
    }

    private static Counts LastMark(StepContext context, string name) =>
        context.World.Marks.GetValueOrDefault(name) ?? new Counts();

    /// <summary>A number of a path's selector: what follows its state and fail count.</summary>
    private static long PathWord(StepContext context, string[] words, int index)
    {
        string status =
            context.World.Devices.Get(ScenarioWorld.Mark(words[0])).Table?.Status() ?? "";
        string[] all = status.Split(' ');
        int path = Array.IndexOf(all, ScenarioWorld.Mark(words[1]));
        if (path < 0 || path + 3 + index >= all.Length)
            throw new StepException($"no path '{words[1]}' with a history");
        return StepNumbers.Read(all[path + 3 + index]);
    }
}
