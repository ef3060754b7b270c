// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

namespace Braid.Scenario;

/// <summary>The steps by name, and how one is started.</summary>
internal static class StepBook
{
    /// <summary>Steps within steps: `chain` and `cpu` do others.</summary>
    private const int MaxDepth = 8;

    /// <summary>What a shell says of a command that is not there.</summary>
    private const int UnknownCommand = 127;

    private static readonly Dictionary<string, (int Words, StepAction Do)> Steps =
        new(StringComparer.Ordinal)
        {
            ["disk"] = (2, DiskSteps.Disk),
            ["scsi"] = (1, DiskSteps.Scsi),
            ["luns"] = (1, DiskSteps.Luns),
            ["break"] = (1, DiskSteps.Break),
            ["fix"] = (1, DiskSteps.Fix),
            ["badblocks"] = (2, DiskSteps.BadBlocks),
            ["unplug"] = (1, DiskSteps.Unplug),
            ["scsiopt"] = (2, DiskSteps.ScsiOption),
            ["alua"] = (1, DiskSteps.Alua),
            ["param"] = (3, DiskSteps.Parameter),
            ["attr"] = (2, DiskSteps.Attribute),
            ["dm"] = (1, DeviceSteps.Create),
            ["create"] = (1, DeviceSteps.Create),
            ["try"] = (0, DeviceSteps.Try),
            ["load"] = (1, DeviceSteps.Load),
            ["clear"] = (1, DeviceSteps.Clear),
            ["resume"] = (1, DeviceSteps.Resume),
            ["suspend"] = (1, DeviceSteps.Suspend),
            ["remove"] = (1, DeviceSteps.Remove),
            ["message"] = (1, DeviceSteps.Message),
            ["table"] = (1, DeviceSteps.Table),
            ["inactive"] = (1, DeviceSteps.Inactive),
            ["status"] = (1, DeviceSteps.Status),
            ["info"] = (1, DeviceSteps.Info),
            ["deps"] = (1, DeviceSteps.Deps),
            ["show"] = (1, DeviceSteps.Show),
            ["waitevent"] = (2, DeviceSteps.WaitEvent),
            ["hold"] = (1, DeviceSteps.Hold),
            ["release"] = (1, DeviceSteps.Release),
            ["write"] = (1, IoSteps.Write),
            ["read"] = (1, IoSteps.Read),
            ["io"] = (1, IoSteps.Many),
            ["flush"] = (1, IoSteps.Flush),
            ["discard"] = (3, IoSteps.Discard),
            ["zeroout"] = (3, IoSteps.ZeroOut),
            ["size"] = (1, IoSteps.Size),
            ["mark"] = (1, CountSteps.Mark),
            ["count"] = (1, CountSteps.Count),
            ["between"] = (3, CountSteps.Between),
            ["hst"] = (4, CountSteps.History),
            ["stale"] = (4, CountSteps.Stale),
            ["sleep"] = (1, Sleep),
            ["chain"] = (0, Chain),
            ["cpu"] = (2, OnCpu),
        };

    /// <summary>Starts a step; what it does goes on as the loop runs.</summary>
    public static StepRun Start(ScenarioWorld world, string[] words)
    {
        var run = new StepRun();
        if (Steps.ContainsKey(words[0]))
            run.Work = RunAsync(run, new StepContext(world, run.Output, 0, 0), words);
        else
            run.Result = "unknown step";
        return run;
    }

    private static async Task RunAsync(StepRun run, StepContext context, string[] words)
    {
        int status = await DoAsync(context, words);
        run.Result = $"{status}";
    }

    /// <summary>Does a step; what it cannot do is a line of its output, and status 1.</summary>
    private static async Task<int> DoAsync(StepContext context, string[] words)
    {
        if (!Steps.TryGetValue(words[0], out (int Words, StepAction Do) step))
            return Fail(context, $"unknown step '{words[0]}'", UnknownCommand);
        if (context.Depth > MaxDepth) return Fail(context, "too many steps within steps");
        if (words.Length - 1 < step.Words) return Fail(context, $"{words[0]}: too few words");
        try
        {
            await context.World.SleepAsync(CostNs(words[0]));
            return await step.Do(context, words[1..]);
        }
        catch (Exception error) when (error is MapperException or StepException)
        {
            return Fail(context, error.Message);
        }
    }

    /// <summary>What the programs of a step take besides what they do.</summary>
    private static long CostNs(string step)
    {
        const long ProgramNs = 25_000_000;
        return step switch
        {
            "sleep" or "chain" or "cpu" => 0,
            "show" => 3 * ProgramNs,
            _ => ProgramNs,
        };
    }

    private static int Fail(StepContext context, string message, int status = 1)
    {
        context.Print($"braid: {message}");
        return status;
    }

    private static async Task<int> Sleep(StepContext context, string[] words)
    {
        await context.World.SleepAsync(StepNumbers.ReadMs(words[0]));
        return 0;
    }

    /// <summary>
    /// STEP ; STEP ...: one right after the other; the last status that was not 0.
    /// </summary>
    private static async Task<int> Chain(StepContext context, string[] words)
    {
        if (words.Length == 0) return Fail(context, "chain: no step", UnknownCommand);
        int status = 0;
        var step = new List<string>();
        foreach (string word in words.Append(";"))
        {
            if (word != ";")
            {
                step.Add(word);
                continue;
            }
            if (step.Count == 0) continue;
            int result = await DoAsync(Within(context), [.. step]);
            if (result != 0) status = result;
            step.Clear();
        }
        return status;
    }

    /// <summary>CPU STEP: the I/O of the step is given from that CPU.</summary>
    private static Task<int> OnCpu(StepContext context, string[] words)
    {
        long cpu = StepNumbers.ReadLikeC(words[0]);
        if (cpu < 0 || cpu >= context.World.Loop.CpuCount)
            throw new StepException($"there is no CPU {cpu}");
        return DoAsync(Within(context) with { Cpu = (int)cpu }, words[1..]);
    }

    private static StepContext Within(StepContext context) =>
        context with { Depth = context.Depth + 1 };
}
