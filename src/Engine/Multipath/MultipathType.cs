// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>
/// Reads the arguments of a multipath line: features, hardware handler, groups with their selectors
/// and paths.
/// </summary>
/// <param name="queueTimeoutNs">
/// How long I/O is queued without a path, asked each time; 0 for ever (the kernel's module
/// parameter queue_if_no_path_timeout_secs).
/// </param>
/// <param name="selectors">The selectors that there are; null for all.</param>
/// <param name="writeCache">Private caches can be had in request mode only.</param>
/// <param name="hedgesReads">So can hedged reads.</param>
public sealed class MultipathType(
    Func<long>? queueTimeoutNs = null, IReadOnlyList<string>? selectors = null,
    WriteCache writeCache = WriteCache.Shared, bool hedgesReads = false) : ITargetType
{
    private const uint MaxFeatureWords = 8;
    private const uint MaxHandlerWords = 1024;
    private const uint MaxGroups = 1024;
    private const uint MaxPaths = 1024;
    private const uint MaxArguments = 1024;
    private const uint MaxPgInitRetries = 50;
    private const uint MaxPgInitDelayMs = 60_000;

    private readonly IReadOnlyList<string> _selectors = selectors ?? SelectorTypes.Names;

    public string Name => "multipath";

    public ITarget Create(TableWords words, TargetContext context)
    {
        MultipathFeatures features = ReadFeatures(words);
        if (writeCache == WriteCache.Private && features.QueueMode == QueueMode.Bio)
            throw new TableException("private write caches need queue_mode mq, not bio");
        if (hedgesReads && features.QueueMode == QueueMode.Bio)
            throw new TableException("hedged reads need queue_mode mq, not bio");
        var target = new MultipathTarget(context, features, queueTimeoutNs);
        ReadHandler(words, target);
        int groups = (int)words.TakeNumber("the number of priority groups", 0, MaxGroups);
        int initial = (int)words.TakeNumber("the initial priority group", 0, MaxGroups);
        if ((groups == 0) != (initial == 0))
            throw new TableException("invalid initial priority group", words);
        for (int number = 1; number <= groups; number++)
            target.Add(ReadGroup(words, context, target, number));
        if (words.Left > 0) throw new TableException("priority group count mismatch", words);
        // One beyond the last is taken, and means nothing.
        target.Complete(initial > 0 && initial <= groups ? target.Groups[initial - 1] : null);
        return target;
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
    /// In bio mode, as in the kernel, a handler is asked for in vain.
    /// </summary>
    private static void ReadHandler(TableWords words, MultipathTarget target)
    {
        int count = words.TakeCount("the number of hardware handler words", MaxHandlerWords);
        if (count == 0) return;
        var handler = new string[count];
        for (int i = 0; i < count; i++) handler[i] = words.Take("a hardware handler word");
        if (target.Features.QueueMode == QueueMode.Bio)
            target.Host.Log("bio-based multipath doesn't allow hardware handler args");
        else
            target.Handler = new HandlerChoice(handler[0], handler[1..]);
    }

    private PriorityGroup ReadGroup(
        TableWords words, TargetContext context, MultipathTarget target, int number)
    {
        var group = new PriorityGroup(number, ReadSelector(words, context.Host));
        int paths = (int)words.TakeNumber("the number of paths", 1, MaxPaths);
        int perPath = (int)words.TakeNumber("the number of words per path", 0, MaxArguments);
        if (words.Left < paths * (1 + perPath))
            throw new TableException("not enough path parameters in priority group", words);
        for (int i = 0; i < paths; i++) ReadPath(words, context, target, group, perPath);
        return group;
    }

    private IPathSelector ReadSelector(TableWords words, ITargetHost host)
    {
        string name = words.Take("the path selector");
        if (!_selectors.Contains(name, StringComparer.Ordinal))
            throw new TableException(
                "unknown path selector type, known are "
                + string.Join(", ", _selectors), words);
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
        TableWords words, TargetContext context, MultipathTarget target, PriorityGroup group,
        int perPath)
    {
        BlockDevice device = words.TakeDevice("a path", context.Devices);
        if (target.Attach(device) is { } problem)
            throw new TableException($"error attaching hardware handler: {problem}", words);
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
