// SPDX-License-Identifier: Apache-2.0

namespace Braid.Daemon;

/// <summary>
/// What changes maps that several loops serve, one command at a time for each map, so that all
/// loops do the same in the same state: a message that came while a suspend was under way would
/// find it done on some loops and not on others. A new table goes live in steps, each on all loops
/// before the next on any: suspended, asked, swapped and resumed. So no loop maps by the old table
/// while another does by the new one, and where one cannot have it, none gets it. On the lead's
/// loop.
/// </summary>
internal sealed class ChannelTransitions(ChannelSet channels, ChannelCommands commands)
{
    /// <summary>Of one map, that wait for each other.</summary>
    private const int MaxWaiting = 16;

    private readonly Dictionary<string, Queue<Action>> _waiting = new(StringComparer.Ordinal);

    /// <summary>A command that each loop does in one step, or has begun to.</summary>
    public void Do(ControlExchange exchange) => Enter(exchange, (_, end) =>
        commands.Fan(exchange.Request, reply => End(exchange, reply, end)));

    /// <summary>Loads a table on all loops, or on none.</summary>
    public void Reload(ControlExchange exchange)
    {
        string table = ControlCommands.Need(exchange.Request.Table, "table");
        Enter(exchange, (name, end) => channels.Each(
            stack => stack.Devices.Load(name, table),
            problems => OnLoaded(name, problems, reply => End(exchange, reply, end))));
    }

    public void Resume(ControlExchange exchange) => Enter(exchange, (name, end) =>
        Ask(name, outlooks => OnAsked(name, exchange, outlooks, end)));

    public void Remove(ControlExchange exchange) => Enter(exchange, (_, end) =>
        new ChannelRemove(channels, reply => End(exchange, reply, end), exchange.Request).Begin());

    private static void End(ControlExchange exchange, ControlReply reply, Action end)
    {
        exchange.Reply(reply);
        end();
    }

    /// <summary>Runs it when those before it of the same map have ended.</summary>
    private void Enter(ControlExchange exchange, Action<string, Action> run)
    {
        string name = ControlCommands.Need(exchange.Request.Name, "name");
        _ = channels.Lead.Devices.Get(name);
        if (!_waiting.TryGetValue(name, out Queue<Action>? waiting))
        {
            _waiting[name] = [];
            run(name, () => Next(name));
            return;
        }
        if (waiting.Count >= MaxWaiting)
            throw new MapException($"{name}: {MaxWaiting} commands wait already");
        waiting.Enqueue(() => run(name, () => Next(name)));
    }

    private void Next(string name)
    {
        if (_waiting[name].TryDequeue(out Action? next)) next();
        else _waiting.Remove(name);
    }

    /// <summary>
    /// A table that only some loops could load none has: maps must not go different ways.
    /// </summary>
    private void OnLoaded(string name, string?[] problems, Action<ControlReply> reply)
    {
        if (problems.FirstOrDefault(one => one is not null) is not { } problem)
            reply(new ControlReply());
        else if (Array.TrueForAll(problems, one => one is not null))
            reply(ControlReply.Refused(problem));
        else
            channels.Each(
                stack => stack.Devices.Get(name).Clear(),
                _ => reply(ControlReply.Refused(problem)));
    }

    private void Ask(string name, Action<MapOutlook[]> done) => channels.Gather(
        (MapStack stack, Action<MapOutlook> answer) => answer(stack.Changes.Outlook(name)), done);

    private void OnAsked(
        string name, ControlExchange exchange, MapOutlook[] outlooks, Action end)
    {
        if (Array.TrueForAll(outlooks, outlook => outlook.Inactive is null))
        {
            commands.Fan(exchange.Request, reply => End(exchange, reply, end));
            return;
        }
        bool noFlush = exchange.Request.Noflush;
        SuspendAll(name, noFlush, problem =>
        {
            if (problem is not null) End(exchange, ControlReply.Refused(problem), end);
            else Ask(name, ready => Swap(new Swapping(name, exchange, end), ready));
        });
    }

    private void SuspendAll(string name, bool noFlush, Action<string?> done) =>
        channels.EachLater(
            (stack, answer) => stack.Changes.Suspend(
                name, noFlush, problem => answer(problem?.Message)),
            problems => done(problems.FirstOrDefault(problem => problem is not null)));

    /// <summary>All are suspended: what all can have goes live, else it is dropped.</summary>
    private void Swap(Swapping what, MapOutlook[] outlooks)
    {
        string? problem =
            outlooks.Select(one => one.Problem).FirstOrDefault(one => one is not null);
        bool isSame = outlooks.Select(one => one.Inactive).Distinct(StringComparer.Ordinal)
            .Count() == 1;
        if (!isSame) problem ??= "the loops have different tables: load it again";
        string? objection =
            outlooks.Select(one => one.Objection).FirstOrDefault(one => one is not null);
        if (problem is not null)
            Drop(what, $"{problem}; the new table is dropped, {what.Name} is still suspended");
        else if (objection is not null)
            Drop(
                what,
                $"{objection}; the new table is dropped, {what.Name} goes on with the old one",
                goesOn: true);
        else
            ResumeAll(what, null);
    }

    private void Drop(Swapping what, string reason, bool goesOn = false) => channels.Each(
        stack => stack.Devices.Get(what.Name).Clear(), _ =>
        {
            if (goesOn) ResumeAll(what, reason);
            else End(what.Exchange, ControlReply.Refused(reason), what.End);
        });

    private void ResumeAll(Swapping what, string? reason) => channels.EachLater(
        (stack, answer) => stack.Changes.Resume(what.Name, noFlush: true, answer),
        problems =>
        {
            string? problem = reason ?? problems.FirstOrDefault(one => one is not null);
            ControlReply reply = problem is null
                ? new ControlReply()
                : ControlReply.Refused(problem);
            End(what.Exchange, reply, what.End);
        });

    /// <summary>A swap under way.</summary>
    /// <param name="Name">Of the map.</param>
    /// <param name="Exchange">Who has asked for it.</param>
    /// <param name="End">Lets the next begin.</param>
    private sealed record Swapping(string Name, ControlExchange Exchange, Action End);
}
