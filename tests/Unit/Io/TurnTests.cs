// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>The parts of a turn and their order.</summary>
public sealed class TurnTests
{
    private readonly SimulatedLoop _loop = new(1);
    private readonly List<string> _log = [];

    [Fact]
    public void A_turn_is_messages_then_timers_then_dispatch_then_send()
    {
        _loop.Schedule(Task("send"), TurnPhase.Send);
        _loop.Schedule(Task("dispatch"), TurnPhase.Dispatch);
        _loop.CreateTimer(() => _log.Add("timer")).Arm(0);
        _loop.Post(() => _log.Add("message"));
        _loop.Settle();
        _log.ShouldBe(["message", "timer", "dispatch", "send"]);
    }

    [Fact]
    public void Tasks_run_in_the_order_of_scheduling_and_once_however_often_asked_for()
    {
        ActionTask a = Task("a");
        ActionTask b = Task("b");
        foreach (ActionTask task in (ActionTask[])[b, a, b, a, a])
            _loop.Schedule(task, TurnPhase.Dispatch);
        _loop.Settle();
        _log.ShouldBe(["b", "a"]);
        _loop.Schedule(a, TurnPhase.Dispatch);
        _loop.Settle();
        _log.ShouldBe(["b", "a", "a"]);
    }

    [Fact]
    public void A_task_may_schedule_itself_for_the_next_round()
    {
        int left = 3;
        ActionTask task = null!;
        task = new ActionTask(() =>
        {
            _log.Add("run");
            if (--left > 0) _loop.Schedule(task, TurnPhase.Dispatch);
        });
        _loop.Schedule(task, TurnPhase.Dispatch);
        _loop.Schedule(Task("other"), TurnPhase.Dispatch);
        _loop.Settle();
        _log.ShouldBe(["run", "other", "run", "run"]);
        _loop.Statistics.Turns.ShouldBe(1);
    }

    [Fact]
    public void Sending_waits_until_there_is_nothing_left_to_dispatch()
    {
        _loop.Schedule(Task("send"), TurnPhase.Send);
        _loop.Schedule(
            new ActionTask(() => _loop.Schedule(Task("second"), TurnPhase.Dispatch)),
            TurnPhase.Dispatch);
        _loop.Settle();
        _log.ShouldBe(["second", "send"]);
    }

    [Fact]
    public void What_sending_dispatches_is_done_in_the_same_turn()
    {
        var send = new ActionTask(() =>
        {
            _log.Add("send");
            _loop.Schedule(Task("dispatch"), TurnPhase.Dispatch);
        });
        _loop.Schedule(send, TurnPhase.Send);
        _loop.Settle();
        _log.ShouldBe(["send", "dispatch"]);
        _loop.Statistics.Turns.ShouldBe(1);
    }

    [Fact]
    public void Endless_work_does_not_keep_messages_waiting()
    {
        bool stop = false;
        int rounds = 0;
        ActionTask task = null!;
        task = new ActionTask(() =>
        {
            rounds++;
            if (!stop) _loop.Schedule(task, TurnPhase.Dispatch);
            if (rounds == 10) _loop.Post(() => stop = true);
        });
        _loop.Schedule(task, TurnPhase.Dispatch);
        _loop.Settle();
        stop.ShouldBeTrue();
        rounds.ShouldBe(65);
    }

    [Fact]
    public void A_timer_that_is_always_due_does_not_keep_messages_waiting()
    {
        bool stop = false;
        int fired = 0;
        LoopTimer timer = null!;
        timer = _loop.CreateTimer(() =>
        {
            (++fired).ShouldBeLessThan(1000, "the turn never ends");
            if (fired == 3) _loop.Post(() => stop = true);
            if (!stop) timer.Arm(0);
        });
        timer.Arm(0);
        _loop.Settle();
        stop.ShouldBeTrue();
    }

    [Fact]
    public void A_message_posted_by_a_message_runs_in_the_next_turn()
    {
        _loop.Post(() =>
        {
            _log.Add("first");
            _loop.Schedule(Task("dispatch"), TurnPhase.Dispatch);
            _loop.Post(() => _log.Add("second"));
        });
        _loop.Settle();
        _log.ShouldBe(["first", "dispatch", "second"]);
        _loop.Statistics.Turns.ShouldBe(2);
    }

    private ActionTask Task(string name) => new(() => _log.Add(name));
}
