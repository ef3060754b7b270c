// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>
/// Reads the arguments of a multipath line: features, hardware handler, groups with their selectors
/// and paths.
/// </summary>
public sealed class MultipathType : ITargetType
{
    private const uint MaxFeatureWords = 8;
    private const uint MaxHandlerWords = 1024;
    private const uint MaxGroups = 1024;
    private const uint MaxPaths = 1024;
    private const uint MaxArguments = 1024;
    private const uint MaxPgInitRetries = 50;
    private const uint MaxPgInitDelayMs = 60_000;

    public string Name => "multipath";

    public ITarget Create(TableWords words, TargetContext context)
    {
        MultipathFeatures features = ReadFeatures(words);
        ReadHandler(words, features, context.Host.Log);
        int groups = (int)words.TakeNumber("the number of priority groups", 0, MaxGroups);
        uint initial = words.TakeNumber("the initial priority group", 0, uint.MaxValue);
        if ((groups == 0) != (initial == 0))
            throw new TableException("invalid initial priority group", words);
        var target = new MultipathTarget(context.Host, features);
        for (int number = 1; number <= groups; number++)
            target.Add(ReadGroup(words, context, number));
        if (!target.PrefersBios) RequireRequestBased(target, words);
        if (words.Left > 0) throw new TableException("priority group count mismatch", words);
        if (groups > 0) target.StartWith(target.Groups[initial <= groups ? (int)initial - 1 : 0]);
        return target;
    }

    private static void RequireRequestBased(MultipathTarget target, TableWords words)
    {
        foreach (BlockDevice device in target.Devices)
            if (device.Queue is null)
                throw new TableException($"{device.Name} takes no requests, only bios", words);
    }

    private static MultipathFeatures ReadFeatures(TableWords words)
    {
        var features = new MultipathFeatures();
        int end = words.TakeCount("the number of feature words", MaxFeatureWords);
        end = words.Left - end;
        while (words.Left > end) ReadFeature(words, features);
        if (words.Left < end) throw new TableException("too few feature words", words);
        return features;
    }

    private static void ReadFeature(TableWords words, MultipathFeatures features)
    {
        string name = words.Take("a feature").ToLowerInvariant();
        switch (name)
        {
            case "queue_if_no_path":
                features.QueueIfNoPath = true;
                break;
            case "retain_attached_hw_handler":
                features.RetainAttachedHandler = true;
                break;
            case "pg_init_retries":
                features.PgInitRetries = words.TakeNumber(name, 1, MaxPgInitRetries);
                break;
            case "pg_init_delay_msecs":
                features.PgInitDelayMs = words.TakeNumber(name, 0, MaxPgInitDelayMs);
                break;
            case "queue_mode":
                features.QueueMode = words.Take("the queue mode").ToLowerInvariant() switch
                {
                    "bio" => QueueMode.Bio,
                    "rq" or "mq" => QueueMode.Request,
                    _ => throw new TableException("the queue mode must be bio, rq or mq", words),
                };
                break;
            default:
                throw new TableException("unrecognised multipath feature", words);
        }
    }

    /// <summary>
    /// No path of this release has a hardware handler, so none can be asked for. In bio mode, as in
    /// the kernel, it is asked for in vain.
    /// </summary>
    private static void ReadHandler(
        TableWords words, MultipathFeatures features, Action<string> log)
    {
        int count = words.TakeCount("the number of hardware handler words", MaxHandlerWords);
        if (count == 0) return;
        if (features.QueueMode == QueueMode.Bio)
        {
            for (int i = 0; i < count; i++) words.Take("a hardware handler word");
            log("bio-based multipath doesn't allow hardware handler args");
            return;
        }
        words.Take("the hardware handler");
        throw new TableException("no path has a hardware handler", words);
    }

    private static PriorityGroup ReadGroup(TableWords words, TargetContext context, int number)
    {
        var group = new PriorityGroup(number, ReadSelector(words, context.Host));
        int paths = (int)words.TakeNumber("the number of paths", 1, MaxPaths);
        int perPath = (int)words.TakeNumber("the number of words per path", 0, MaxArguments);
        if (words.Left < paths * (1 + perPath))
            throw new TableException("not enough path parameters in priority group", words);
        for (int i = 0; i < paths; i++) ReadPath(words, context, group, perPath);
        return group;
    }

    private static IPathSelector ReadSelector(TableWords words, ITargetHost host)
    {
        string name = words.Take("the path selector");
        if (!SelectorTypes.Names.Contains(name, StringComparer.Ordinal))
            throw new TableException(
                "unknown path selector type, known are "
                + string.Join(", ", SelectorTypes.Names), words);
        int count = words.TakeCount("the number of selector words", MaxArguments);
        var arguments = new string[count];
        for (int i = 0; i < count; i++) arguments[i] = words.Take("a selector word");
        try
        {
            return SelectorTypes.TryCreate(name, arguments, host.Loop, host.Log)!;
        }
        catch (SelectorException error)
        {
            throw new TableException(
                $"path selector constructor failed: {name}: {error.Message}", words);
        }
    }

    private static void ReadPath(
        TableWords words, TargetContext context, PriorityGroup group, int perPath)
    {
        BlockDevice device = context.Devices.Find(words.Take("a path"));
        if (device.SizeBytes > 0 && device.SizeBytes < context.Offset + context.Length)
            throw new TableException($"{device.Name} is too small for the target", words);
        var path = new PgPath(device, group);
        var arguments = new string[perPath];
        for (int i = 0; i < perPath; i++) arguments[i] = words.Take("a path's word");
        try
        {
            group.Selector.AddPath(path, arguments);
        }
        catch (SelectorException error)
        {
            throw new TableException($"{group.Selector.Name}: {error.Message}", words);
        }
        group.Add(path);
    }
}
