// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Scenario;

/// <summary>Steps that are `dmsetup` commands.</summary>
internal static class DeviceSteps
{
    /// <summary>What `try` calls its device.</summary>
    private const string TryName = "mp";

    public static Task<int> Create(StepContext context, string[] words)
    {
        RequireName(words[0]);
        context.World.Create(ScenarioWorld.Mark(words[0]), TableOf(words[1..]));
        return Done;
    }

    /// <summary>What `dmsetup` takes for a name.</summary>
    private static void RequireName(string name)
    {
        const int MaxLength = 127;
        if (name.StartsWith('-') || name.Contains('/') || name.Length > MaxLength)
            throw new StepException($"'{name}' is no name for a device");
    }

    /// <summary>TABLE: makes mp, shows it, removes it.</summary>
    public static Task<int> Try(StepContext context, string[] words)
    {
        DeviceManager devices = context.World.Devices;
        string name = ScenarioWorld.Mark(TryName);
        context.World.Create(name, TableOf(words));
        Table table = devices.Get(name).Table!;
        PrintLabelled(context, "table:  ", table.Describe());
        PrintLabelled(context, "status: ", table.Status());
        devices.Remove(name);
        return Done;
    }

    public static Task<int> Load(StepContext context, string[] words)
    {
        context.World.Devices.Load(ScenarioWorld.Mark(words[0]), TableOf(words[1..]));
        return Done;
    }

    public static Task<int> Clear(StepContext context, string[] words)
    {
        Find(context, words).Clear();
        return Done;
    }

    public static async Task<int> Suspend(StepContext context, string[] words)
    {
        var done = new TaskCompletionSource<MapperException?>();
        bool noFlush = words.Contains("noflush");
        Find(context, words).Suspend(noFlush, done.SetResult);
        if (await done.Task is { } problem) throw problem;
        return 0;
    }

    public static async Task<int> Resume(StepContext context, string[] words)
    {
        string[] names = Array.FindAll(words, word => !word.StartsWith('-'));
        if (names.Length == 0) throw new StepException("resume: which device?");
        bool noFlush = words.Contains("--noflush");
        foreach (string name in names)
        {
            var done = new TaskCompletionSource<TableException?>();
            context.World.Devices.Get(ScenarioWorld.Mark(name)).Resume(noFlush, done.SetResult);
            if (await done.Task is { } problem) throw problem;
        }
        return 0;
    }

    public static Task<int> Remove(StepContext context, string[] words)
    {
        context.World.Devices.Remove(ScenarioWorld.Mark(words[0]));
        return Done;
    }

    public static Task<int> Message(StepContext context, string[] words)
    {
        Find(context, words).Message(words[1..]);
        return Done;
    }

    public static Task<int> Table(StepContext context, string[] words) =>
        PrintLines(context, Find(context, words).Table?.Describe());

    public static Task<int> Inactive(StepContext context, string[] words) =>
        PrintLines(context, Find(context, words).InactiveTable?.Describe());

    public static Task<int> Status(StepContext context, string[] words) =>
        PrintLines(context, Find(context, words).Table?.Status());

    public static Task<int> Info(StepContext context, string[] words)
    {
        context.Print(InfoOf(Find(context, words)));
        return Done;
    }

    /// <summary>The devices below, the one that was named last first, as the kernel does.</summary>
    public static Task<int> Deps(StepContext context, string[] words)
    {
        MappedDevice device = Find(context, words);
        BlockDevice[] below = [.. (device.Table?.Devices ?? []).Reverse()];
        string names = string.Concat(below.Select(other => $" ({other.Name})"));
        context.Print($"{below.Length} dependencies\t:{names}");
        return Done;
    }

    public static Task<int> Show(StepContext context, string[] words)
    {
        string name = ScenarioWorld.Mark(words[0]);
        if (!context.World.Devices.Has(name))
        {
            context.Print($"braid: no device '{name}'");
            return Done;
        }
        MappedDevice device = context.World.Devices.Get(name);
        PrintLabelled(context, "table:  ", device.Table?.Describe());
        PrintLabelled(context, "status: ", device.Table?.Status());
        context.Print($"info:   {InfoOf(device)}");
        return Done;
    }

    /// <summary>NAME EVENT: returns at once unless that is the number of the last event.</summary>
    public static Task<int> WaitEvent(StepContext context, string[] words)
    {
        MappedDevice device = Find(context, words);
        if (words[1].StartsWith('-')) throw new StepException($"'{words[1]}' is no option");
        if (device.EventNumber != unchecked((uint)StepNumbers.Read(words[1]))) return Done;
        var done = new TaskCompletionSource<int>();
        device.OnNextEvent(() => done.SetResult(0));
        return done.Task;
    }

    public static Task<int> Hold(StepContext context, string[] words)
    {
        context.World.Hold(ScenarioWorld.Mark(words[0]));
        return Done;
    }

    public static Task<int> Release(StepContext context, string[] words)
    {
        context.World.Release(ScenarioWorld.Mark(words[0]));
        return Done;
    }

    private static Task<int> Done => Task.FromResult(0);

    /// <summary>A table of several lines has ` | ` between them.</summary>
    private static string TableOf(string[] words) =>
        string.Join(' ', words).Replace(" | ", "\n", StringComparison.Ordinal);

    private static MappedDevice Find(StepContext context, string[] words) =>
        context.World.Devices.Get(ScenarioWorld.Mark(words[0]));

    /// <summary>Name, flags, event number; as `dmsetup info -c` prints them.</summary>
    private static string InfoOf(MappedDevice device)
    {
        char live = device.Table is null ? '-' : 'L';
        char inactive = device.InactiveTable is null ? '-' : 'I';
        char suspended = device.IsSuspended ? 's' : '-';
        return $"{device.Name.TrimStart('@')}:{live}{inactive}{suspended}w:{device.EventNumber}";
    }

    private static Task<int> PrintLines(StepContext context, string? text)
    {
        foreach (string line in (text ?? "").Split('\n')) context.Print(line);
        return Done;
    }

    private static void PrintLabelled(StepContext context, string label, string? text)
    {
        string[] lines = (text ?? "").Split('\n');
        context.Print(label + lines[0]);
        foreach (string line in lines[1..]) context.Print(line);
    }
}
