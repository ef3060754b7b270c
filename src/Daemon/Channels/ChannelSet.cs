// SPDX-License-Identifier: Apache-2.0
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Mapper;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// The channels of a daemon: on each loop all of the maps, with paths and connections of its own.
/// An I/O stays on the loop of its client; what is told from one to another is what happens now
/// and then: a path was lost, a write was given up, a command came. Owned by the service.
/// Threads: a channel is used on its own loop; what is here, on the lead's, unless it says more.
/// </summary>
public sealed class ChannelSet : IDisposable
{
    private const int LeadIndex = 0;

    private readonly ILoopLinks _links;
    private readonly MapStack[] _stacks;
    private readonly MemoryStores _stores = new();

    /// <summary>Null where there is one loop, which tells by itself.</summary>
    private readonly PathNews? _news;

    /// <param name="loops">At least one; the first is the lead's.</param>
    /// <param name="links">Between them.</param>
    /// <param name="network">Of all.</param>
    /// <param name="options">The same on each; I/O memory is shared out.</param>
    /// <param name="logger">The lead tells; the others say what concerns their clients.</param>
    /// <exception cref="Wire.Nbd.UriException">A path's URI is wrong.</exception>
    public ChannelSet(
        IReadOnlyList<IoLoop> loops, ILoopLinks links, INetwork network, MapOptions options,
        ILogger logger)
    {
        Invariant.That(loops.Count == links.Count);
        _links = links;
        _stacks =
        [
            .. loops.Select((loop, index) => new MapStack(
                loop, network, options, logger, new ChannelSeat(index, this, _stores))),
        ];
        if (Count == 1) return;
        _news = new PathNews(Lead, logger);
        NbdServer[] others = [.. _stacks.Skip(1).Select(stack => stack.Exports.ServeForAnother())];
        Lead.Exports.SpreadOver(new NbdSpread(links, others));
    }

    public int Count => _links.Count;

    /// <summary>Accepts the clients, takes the commands, writes the log.</summary>
    public MapStack Lead => _stacks[LeadIndex];

    /// <summary>By loop.</summary>
    public IReadOnlyList<MapStack> Stacks => _stacks;

    /// <summary>The first map; null where there is one loop, and before it is made.</summary>
    internal MapChannels? FirstMap { get; private set; }

    /// <summary>Connects the paths of all; calls back when each was reached or not.</summary>
    public void ReachPaths(Action reached) => Gather<bool>(
        (stack, answer) => stack.ReachPaths(() => answer(true)), _ => reached());

    /// <summary>Makes the first map on all; calls back with why not, or null.</summary>
    public void MakeMap(Action<string?> made)
    {
        long size;
        try
        {
            size = Lead.AgreedSize();
        }
        catch (MapException error)
        {
            made(error.Message);
            return;
        }
        MapChannels? map = FirstMap = Count > 1 ? NewMap() : null;
        Each(
            stack => stack.MakeMap(size, map),
            problems => made(problems.FirstOrDefault(problem => problem is not null)));
    }

    /// <summary>Exports the first map.</summary>
    /// <exception cref="MapException">An address cannot be had.</exception>
    public void Listen() => Lead.Listen(FirstMap);

    public void Dispose()
    {
        foreach (MapStack stack in _stacks) stack.Dispose();
        _stores.Dispose();
    }

    /// <summary>A map that is about to be made on all loops.</summary>
    internal MapChannels NewMap() => new(_links);

    /// <summary>
    /// On the loop of that channel: it has lost a path. The others look at theirs at once, and do
    /// not wait until they have lost it, too.
    /// </summary>
    internal void OnPathLost(int from, string name)
    {
        for (int to = 0; to < Count; to++)
        {
            if (to == from) continue;
            MapStack other = _stacks[to];
            _links.Post(from, to, () => other.OnPathLostElsewhere(name));
        }
    }

    /// <summary>On the loop of that channel: what it has to tell of its paths.</summary>
    internal void TellLead(int from, Action<PathNews> tell)
    {
        if (_news is not { } news) return;
        if (from == LeadIndex) tell(news);
        else _links.Post(from, LeadIndex, () => tell(news));
    }

    /// <summary>
    /// Has all do something, each on its loop; calls back with why it could not be done, by
    /// channel: null where it was.
    /// </summary>
    internal void Each(Action<MapStack> action, Action<string?[]> done) => Gather<string?>(
        (stack, answer) => answer(Try(stack, action)), done);

    /// <summary>
    /// Asks all, each on its loop, where it is answered now or later, once; calls back with the
    /// answers, by channel. With one channel nothing is posted.
    /// </summary>
    internal void Gather<T>(Action<MapStack, Action<T>> ask, Action<T[]> done)
    {
        var answers = new T[Count];
        int left = Count;
        // The others first: each has heard of it before anything that the lead does now.
        for (int to = 1; to < Count; to++) Post(to);
        Ask(Lead, answer => Take(LeadIndex, answer));

        void Post(int to) => _links.Post(LeadIndex, to, () => Ask(
            _stacks[to], answer => _links.Post(to, LeadIndex, () => Take(to, answer))));

        // What was half done when the daemon was told to end is not gone on with.
        void Ask(MapStack stack, Action<T> answer)
        {
            if (!stack.IsStopped) ask(stack, answer);
        }

        void Take(int from, T answer)
        {
            answers[from] = answer;
            if (--left == 0) done(answers);
        }
    }

    /// <summary>
    /// The same for what ends later: <paramref name="begin"/> calls back with why it could not be
    /// done, or null.
    /// </summary>
    internal void EachLater(Action<MapStack, Action<string?>> begin, Action<string?[]> done) =>
        Gather<string?>(
            (stack, answer) =>
            {
                if (Try(stack, one => begin(one, answer)) is { } problem) answer(problem);
            },
            done);

    private static string? Try(MapStack stack, Action<MapStack> action)
    {
        try
        {
            action(stack);
            return null;
        }
        catch (Exception error) when (ControlCommands.IsAnswer(error))
        {
            return error.Message;
        }
    }
}
