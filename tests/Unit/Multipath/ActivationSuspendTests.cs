// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// Activations that are under way when the device is suspended, gets another table or goes: none
/// comes to storage that is not the map's any more, and none is forgotten.
/// </summary>
public sealed class ActivationSuspendTests
{
    private const long Ms = Loops.Ms;
    private const string Delayed = "4 pg_init_retries 5 pg_init_delay_msecs 3000";

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;

    public ActivationSuspendTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
        _a.Handlers = _b.Handlers = ["alua"];
    }

    private TestOwner Owner => _bench.Owner;

    private TestHandler A => _a.Handler!;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_suspend_waits_for_an_activation_and_the_I_O_for_the_resume(bool noFlush)
    {
        MappedDevice map = Map();
        Bio bio = _bench.Write(map);
        Transition suspend = map.Suspend(noFlush);
        _bench.Loop.RunFor(5000 * Ms);
        suspend.IsDone.ShouldBeFalse();
        map.IsSuspended.ShouldBeTrue();
        A.Answer(ActivationResult.Ok);
        _bench.Loop.RunFor(5000 * Ms);
        suspend.ShouldBeDone();
        _a.Sent.ShouldBeEmpty();
        map.Resume().ShouldBeDone();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        A.Activations.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void In_bio_mode_the_bios_that_wait_for_it_are_done_first(bool noFlush)
    {
        _a.Handler = new TestHandler("alua");
        MappedDevice map = _bench.Map(
            "0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 1 a 1");
        Bio bio = _bench.Write(map);
        Transition suspend = map.Suspend(noFlush);
        _bench.Loop.RunFor(5000 * Ms);
        (suspend.IsDone, map.IsSuspended).ShouldBe((false, false));
        A.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        suspend.ShouldBeDone();
    }

    [Fact]
    public void A_suspend_waits_for_an_activation_that_is_delayed()
    {
        MappedDevice map = Map(Delayed);
        Bio bio = _bench.Write(map);
        A.Answer(ActivationResult.Retry);
        Transition suspend = map.Suspend();
        _bench.Loop.RunFor(2999 * Ms);
        suspend.IsDone.ShouldBeFalse();
        _bench.Loop.RunFor(1 * Ms);
        A.Answer(ActivationResult.Ok);
        suspend.ShouldBeDone();
        map.Resume().ShouldBeDone();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Theory]
    [InlineData(ActivationResult.Retry)]
    [InlineData(ActivationResult.RetryImmediately)]
    public void While_it_is_suspended_no_round_is_begun_again(ActivationResult result)
    {
        MappedDevice map = Map(Delayed);
        _bench.Write(map);
        Transition suspend = map.Suspend(noFlush: true);
        A.Answer(result);
        suspend.ShouldBeDone();
        _bench.Loop.RunFor(60_000 * Ms);
        A.Activations.ShouldBe(1);
        // As the limit of rounds does, it fails the path.
        _bench.Changes.ShouldBe(["-a 0"]);
    }

    [Fact]
    public void A_path_that_comes_back_while_suspended_is_activated_by_the_I_O_after_it()
    {
        MappedDevice map = _bench.Map("0 2048 multipath 0 1 alua 1 1 round-robin 0 2 1 a 1 b 1");
        _bench.Write(map);
        AnswerAll();
        map.Message("fail_path b");
        map.Suspend().ShouldBeDone();
        map.Multipath().ReinstatePath(PathOf(map, "b"));
        _bench.Loop.RunFor(10_000 * Ms);
        _b.Handler!.Activations.ShouldBe(1);
        map.Resume().ShouldBeDone();
        Bio bio = _bench.Write(map, 65536);
        _b.Handler!.Activations.ShouldBe(2);
        AnswerAll();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void A_path_that_comes_back_while_a_suspend_waits_for_another_begins_no_round()
    {
        TestDevice c = _bench.Add("c");
        c.Handlers = ["alua"];
        MappedDevice map = _bench.Map(
            "0 2048 multipath 0 1 alua 1 1 round-robin 0 3 1 a 1 b 1 c 1");
        _bench.Write(map);
        AnswerAll();
        c.Handler!.Answer(ActivationResult.Ok);
        map.Message("fail_path b");
        map.Message("fail_path c");
        map.Message("reinstate_path b");
        _bench.Loop.Settle();
        Transition suspend = map.Suspend();
        map.Multipath().ReinstatePath(PathOf(map, "c"));
        _b.Handler!.Answer(ActivationResult.Ok);
        suspend.ShouldBeDone();
        _bench.Loop.RunFor(10_000 * Ms);
        (A.Activations, _b.Handler.Activations, c.Handler.Activations).ShouldBe((1, 2, 1));
        map.Resume().ShouldBeDone();
        _bench.Write(map, 65536);
        (A.Activations, _b.Handler.Activations, c.Handler.Activations).ShouldBe((2, 3, 2));
    }

    [Theory]
    [InlineData(ActivationResult.Ok)]
    [InlineData(ActivationResult.IoError)]
    [InlineData(ActivationResult.Retry)]
    [InlineData(ActivationResult.DeviceTemporarilyBusy)]
    public void The_result_for_a_table_that_is_gone_changes_nothing(ActivationResult result)
    {
        MappedDevice map = WithActivationOfB();
        MultipathTarget target = map.Multipath();
        map.Remove();
        string status = Status(target);
        uint events = map.EventNumber;
        int changes = _bench.Changes.Count;
        _b.Handler!.Answer(result);
        _bench.Loop.RunFor(60_000 * Ms);
        Status(target).ShouldBe(status);
        _b.Handler!.Activations.ShouldBe(2);
        (map.EventNumber, _bench.Changes.Count).ShouldBe((events, changes));
    }

    [Fact]
    public void An_activation_that_is_to_come_is_not_done_after_the_device_is_gone()
    {
        MappedDevice map = WithActivationOfB();
        _b.Handler!.Answer(ActivationResult.Retry);
        _bench.Loop.Settle();
        map.Multipath().IsBusy.ShouldBeTrue();
        map.Remove();
        _bench.Loop.RunFor(60_000 * Ms);
        (A.Activations, _b.Handler!.Activations).ShouldBe((1, 2));
    }

    [Fact]
    public void A_device_that_waits_for_an_activation_to_be_suspended_stays()
    {
        MappedDevice map = WithActivationOfB();
        Transition suspend = map.Suspend();
        suspend.IsDone.ShouldBeFalse();
        Should.Throw<DeviceBusyException>(map.Remove).Message
            .ShouldBe("mp is being suspended or resumed");
        _b.Handler!.Answer(ActivationResult.Ok);
        suspend.ShouldBeDone();
        map.Remove();
    }

    [Fact]
    public void A_swap_waits_for_the_activation_and_the_new_table_has_its_own()
    {
        MappedDevice map = Map();
        Bio bio = _bench.Write(map);
        _bench.Load(map, "0 2048 multipath 0 1 alua 1 1 round-robin 0 1 1 b 1");
        Transition swap = map.Resume(noFlush: true);
        swap.IsDone.ShouldBeFalse();
        A.Answer(ActivationResult.IoError);
        _bench.Loop.Settle();
        swap.ShouldBeDone();
        _b.Handler!.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((0, 1));
    }

    private static PgPath PathOf(MappedDevice map, string name) =>
        map.Multipath().Groups[0].Paths.Single(path => path.Device.Name == name);

    private static string Status(MultipathTarget target)
    {
        var text = new System.Text.StringBuilder();
        target.AppendStatus(text);
        return text.ToString();
    }

    private MappedDevice Map(string features = "0") =>
        _bench.Map($"0 2048 multipath {features} 1 alua 1 1 round-robin 0 1 1 a 1");

    /// <summary>Nothing but an activation is under way.</summary>
    private MappedDevice WithActivationOfB()
    {
        MappedDevice map = _bench.Map(
            $"0 2048 multipath {Delayed} 1 alua 1 1 round-robin 0 2 1 a 1 b 1");
        _bench.Write(map);
        AnswerAll();
        map.Message("fail_path b");
        map.Message("reinstate_path b");
        _bench.Loop.Settle();
        (map.InFlight, _b.Handler!.Waiting).ShouldBe((0, 1));
        return map;
    }

    private void AnswerAll()
    {
        foreach (TestDevice device in (TestDevice[])[_a, _b])
            while (device.Handler is { Waiting: > 0 } handler) handler.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
    }
}
