// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// Activation of a group by the handlers of its paths (pg_init): I/O waits for it, and each result
/// has its consequence.
/// </summary>
public sealed class ActivationTests
{
    private const long Ms = Loops.Ms;
    private const string OneGroup = "1 1 round-robin 0 2 1 a 1 b 1";
    private const string TwoGroups = "2 1 round-robin 0 1 1 a 1 round-robin 0 1 1 b 1";
    private const string BioMode = "2 queue_mode bio";

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;

    public ActivationTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
        _a.Handlers = _b.Handlers = ["alua"];
    }

    private TestOwner Owner => _bench.Owner;

    private TestHandler A => _a.Handler!;

    private TestHandler B => _b.Handler!;

    [Theory]
    [InlineData("0")]
    [InlineData(BioMode)]
    public void I_O_waits_until_every_working_path_of_the_group_is_activated(string features)
    {
        MappedDevice map = Map(OneGroup, features);
        Status(map).ShouldStartWith("2 1 0 0 1 1 E ");
        Bio bio = _bench.Write(map);
        Status(map).ShouldStartWith("2 1 1 0 1 1 A ");
        (A.Waiting, B.Waiting).ShouldBe((1, 1));
        A.Answer(ActivationResult.Ok);
        _bench.Loop.RunFor(1000 * Ms);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((0, 0));
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        Status(map).ShouldStartWith("2 0 1 0 1 1 A ");
        ShouldBeQuiet(map);
    }

    [Theory]
    [InlineData("0")]
    [InlineData(BioMode)]
    public void One_activation_serves_all_I_O_of_the_group(string features)
    {
        MappedDevice map = Map(OneGroup, features);
        for (int i = 0; i < 8; i++) _bench.Write(map, i * 65536);
        AnswerAll(ActivationResult.Ok);
        for (int i = 8; i < 16; i++) _bench.Write(map, i * 65536);
        Owner.ShouldAllHaveEnded();
        (A.Activations, B.Activations).ShouldBe((1, 1));
        ShouldBeQuiet(map);
    }

    [Fact]
    public void While_it_runs_the_map_is_busy()
    {
        MappedDevice map = Map(OneGroup);
        _bench.Write(map);
        map.Multipath().IsBusy.ShouldBeTrue();
        AnswerAll(ActivationResult.Ok);
        map.Multipath().IsBusy.ShouldBeFalse();
    }

    [Theory]
    [InlineData(ActivationResult.NoHandler)]
    [InlineData(ActivationResult.DeviceOffline)]
    [InlineData(ActivationResult.IoError)]
    public void A_path_that_cannot_be_activated_fails_and_the_next_group_is_tried(
        ActivationResult result)
    {
        MappedDevice map = Map(TwoGroups);
        Bio bio = _bench.Write(map);
        A.Answer(result);
        _bench.Loop.Settle();
        _bench.Changes.ShouldBe(["-a 1"]);
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((0, 1));
        _bench.Log.Exists(line => line.StartsWith("Could not failover", StringComparison.Ordinal))
            .ShouldBe(result == ActivationResult.NoHandler);
        ShouldBeQuiet(map);
    }

    [Theory]
    [InlineData(ActivationResult.DeviceOffline)]
    [InlineData(ActivationResult.IoError)]
    public void One_path_of_a_group_that_cannot_be_activated_leaves_the_others(
        ActivationResult result)
    {
        MappedDevice map = Map(OneGroup);
        Bio bio = _bench.Write(map);
        A.Answer(ActivationResult.Ok);
        B.Answer(result);
        _bench.Loop.RunFor(100 * Ms);
        AnswerAll(ActivationResult.Ok);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _bench.Changes.ShouldBe(["-b 1"]);
        _b.Sent.ShouldBeEmpty();
        ShouldBeQuiet(map);
    }

    [Fact]
    public void When_no_path_can_be_activated_I_O_fails()
    {
        MappedDevice map = Map(TwoGroups);
        Bio bio = _bench.Write(map);
        A.Answer(ActivationResult.IoError);
        _bench.Loop.Settle();
        B.Answer(ActivationResult.IoError);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        ShouldBeQuiet(map);
    }

    [Theory]
    [InlineData("1 queue_if_no_path")]
    [InlineData("3 queue_mode bio queue_if_no_path")]
    public void With_queue_if_no_path_it_waits_for_one_that_can(string features)
    {
        MappedDevice map = Map(TwoGroups, features);
        Bio bio = _bench.Write(map);
        A.Answer(ActivationResult.IoError);
        _bench.Loop.Settle();
        B.Answer(ActivationResult.IoError);
        _bench.Loop.RunFor(10_000 * Ms);
        Owner.HasEnded(bio).ShouldBeFalse();
        map.Message("reinstate_path b");
        _bench.Loop.Settle();
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeQuiet(map);
    }

    [Theory]
    [InlineData("0")]
    [InlineData(BioMode)]
    public void A_group_that_is_busy_for_a_while_is_bypassed_and_not_failed(string features)
    {
        MappedDevice map = Map(TwoGroups, features);
        Bio bio = _bench.Write(map);
        A.Answer(ActivationResult.DeviceTemporarilyBusy);
        _bench.Loop.Settle();
        Status(map).ShouldContain(" D 0 1 0 a A 0 A 0 1 0 b A 0 ");
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _bench.Changes.ShouldBeEmpty();
        map.EventNumber.ShouldBe(1u);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_bypassed_group_that_has_to_be_used_is_activated_later_and_then_as_good_as_any()
    {
        MappedDevice map = Used(TwoGroups);
        map.Message("disable_group 1");
        map.Message("disable_group 2");
        Bio bio = _bench.Write(map);
        _bench.Loop.RunFor(1999 * Ms);
        A.Activations.ShouldBe(1);
        _bench.Loop.RunFor(1 * Ms);
        A.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        Status(map).ShouldBe("2 0 1 0 2 1 A 0 1 0 a A 0 D 0 1 0 b A 0 ");
    }

    [Theory]
    [InlineData(ActivationResult.Retry)]
    [InlineData(ActivationResult.RetryImmediately)]
    [InlineData(ActivationResult.ResourceUnavailable)]
    public void Without_retries_a_path_that_wants_one_fails(ActivationResult result)
    {
        MappedDevice map = Map(TwoGroups);
        Bio bio = _bench.Write(map);
        A.Answer(result);
        // Only the next I/O, here after the delay of its request, chooses anew.
        _bench.Loop.RunFor(100 * Ms);
        _bench.Changes.ShouldBe(["-a 1"]);
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        A.Activations.ShouldBe(1);
        ShouldBeQuiet(map);
    }

    [Theory]
    [InlineData(ActivationResult.Retry, 2000)]
    [InlineData(ActivationResult.RetryImmediately, 0)]
    [InlineData(ActivationResult.ResourceUnavailable, 0)]
    public void With_retries_there_are_so_many_rounds_more_and_then_it_fails(
        ActivationResult result, int delayMs)
    {
        MappedDevice map = Map(TwoGroups, "2 pg_init_retries 3");
        Bio bio = _bench.Write(map);
        for (int round = 1; round <= 4; round++)
        {
            A.Activations.ShouldBe(round);
            Status(map).ShouldStartWith($"2 1 {round} ");
            _bench.Changes.ShouldBeEmpty();
            A.Answer(result);
            if (delayMs > 0 && round < 4)
            {
                _bench.Loop.RunFor((delayMs - 1) * Ms);
                A.Activations.ShouldBe(round);
                _bench.Loop.RunFor(1 * Ms);
            }
            _bench.Loop.Settle();
        }
        _bench.Changes.ShouldBe(["-a 1"]);
        // The next group inherits the delay.
        _bench.Loop.RunFor((100 + delayMs) * Ms);
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        A.Activations.ShouldBe(4);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_retry_that_works_ends_the_wait()
    {
        MappedDevice map = Map(OneGroup, "2 pg_init_retries 1");
        Bio bio = _bench.Write(map);
        A.Answer(ActivationResult.RetryImmediately);
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        (A.Activations, B.Activations).ShouldBe((2, 2));
        AnswerAll(ActivationResult.Ok);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _bench.Changes.ShouldBeEmpty();
        Status(map).ShouldStartWith("2 0 2 ");
        ShouldBeQuiet(map);
    }

    [Theory]
    [InlineData("4 pg_init_retries 2 pg_init_delay_msecs 500", 500)]
    [InlineData("4 pg_init_retries 2 pg_init_delay_msecs 0", 0)]
    public void The_delay_of_a_retry_is_what_the_table_says(string features, int delayMs)
    {
        MappedDevice map = Map(TwoGroups, features);
        _bench.Write(map);
        A.Answer(ActivationResult.Retry);
        if (delayMs > 0)
        {
            _bench.Loop.RunFor((delayMs - 1) * Ms);
            A.Activations.ShouldBe(1);
            _bench.Loop.RunFor(1 * Ms);
        }
        _bench.Loop.Settle();
        A.Activations.ShouldBe(2);
    }

    [Theory]
    [InlineData(ActivationResult.Retry, ActivationResult.RetryImmediately, 0)]
    [InlineData(ActivationResult.RetryImmediately, ActivationResult.Retry, 2000)]
    public void The_last_result_of_a_round_decides_on_the_delay(
        ActivationResult first, ActivationResult last, int delayMs)
    {
        MappedDevice map = Map(OneGroup, "2 pg_init_retries 2");
        _bench.Write(map);
        A.Answer(first);
        B.Answer(last);
        _bench.Loop.Settle();
        A.Activations.ShouldBe(delayMs == 0 ? 2 : 1);
        _bench.Loop.RunFor(delayMs * Ms);
        A.Activations.ShouldBe(2);
    }

    [Fact]
    public void A_result_that_is_none_is_a_broken_invariant()
    {
        MappedDevice map = Map(TwoGroups);
        _bench.Write(map);
        Should.Throw<InvariantException>(() => A.Answer((ActivationResult)99));
        map.ShouldNotBeNull();
    }

    [Fact]
    public void A_group_that_is_switched_to_is_activated_and_counts_its_own_rounds()
    {
        MappedDevice map = Map(TwoGroups, "2 pg_init_retries 5");
        _bench.Write(map);
        A.Answer(ActivationResult.RetryImmediately);
        _bench.Loop.Settle();
        A.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Status(map).ShouldStartWith("2 0 2 ");
        map.Message("switch_group 2");
        _bench.Write(map, 65536);
        Status(map).ShouldStartWith("2 1 1 ");
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        // And back: a group is activated each time it becomes the current one.
        map.Message("switch_group 1");
        _bench.Write(map);
        A.Activations.ShouldBe(3);
    }

    [Theory]
    [InlineData("0")]
    [InlineData(BioMode)]
    public void A_switch_during_an_activation_has_its_own_when_that_one_has_ended(string features)
    {
        MappedDevice map = Map(TwoGroups, features);
        _bench.Write(map);
        map.Message("switch_group 2");
        _bench.Write(map, 65536);
        _bench.Loop.RunFor(200 * Ms);
        B.Activations.ShouldBe(0);
        A.Answer(ActivationResult.Ok);
        _bench.Loop.RunFor(100 * Ms);
        B.Answer(ActivationResult.Ok);
        _bench.Loop.RunFor(100 * Ms);
        Owner.ShouldAllHaveEnded();
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((0, 2));
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_path_that_fails_before_it_is_activated_is_not_asked()
    {
        MappedDevice map = Map(OneGroup, "4 pg_init_retries 2 pg_init_delay_msecs 1000");
        Bio bio = _bench.Write(map);
        AnswerAll(ActivationResult.Retry);
        map.Message("fail_path a");
        _bench.Loop.RunFor(1000 * Ms);
        (A.Activations, B.Activations).ShouldBe((1, 2));
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_path_that_comes_back_to_the_current_group_is_activated_alone()
    {
        MappedDevice map = Used(OneGroup);
        map.Message("fail_path b");
        map.Message("reinstate_path b");
        _bench.Loop.Settle();
        (A.Activations, B.Activations).ShouldBe((1, 2));
        B.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        _bench.Write(map, 65536);
        _bench.Write(map, 131072);
        Owner.ShouldAllHaveEnded();
        _b.Sent.ShouldNotBeEmpty();
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_path_that_comes_back_to_another_group_is_not_activated()
    {
        MappedDevice map = Used(TwoGroups);
        map.Message("fail_path b");
        map.Message("reinstate_path b");
        _bench.Loop.RunFor(5000 * Ms);
        B.Activations.ShouldBe(0);
    }

    [Fact]
    public void The_only_path_that_comes_back_is_activated_by_its_I_O()
    {
        MappedDevice map = Used("1 1 round-robin 0 1 1 a 1");
        map.Message("fail_path a");
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        map.Message("reinstate_path a");
        _bench.Loop.Settle();
        A.Activations.ShouldBe(1);
        Bio bio = _bench.Write(map);
        A.Answer(ActivationResult.Ok);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void A_path_that_comes_back_while_it_is_to_be_activated_is_so_once()
    {
        MappedDevice map = Map(OneGroup, "4 pg_init_retries 2 pg_init_delay_msecs 1000");
        Bio bio = _bench.Write(map);
        AnswerAll(ActivationResult.Retry);
        for (int i = 0; i < 3; i++)
        {
            map.Message("fail_path a");
            map.Message("reinstate_path a");
        }
        _bench.Loop.RunFor(1000 * Ms);
        (A.Activations, B.Activations).ShouldBe((2, 2));
        AnswerAll(ActivationResult.Ok);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_path_that_comes_back_while_only_others_are_to_be_activated_is_so_at_once()
    {
        MappedDevice map = Map(OneGroup, "4 pg_init_retries 2 pg_init_delay_msecs 1000");
        map.Message("fail_path b");
        _bench.Write(map);
        A.Answer(ActivationResult.Retry);
        map.Message("reinstate_path b");
        _bench.Loop.Settle();
        (A.Activations, B.Activations).ShouldBe((1, 1));
    }

    [Fact]
    public void A_path_that_fails_during_its_activation_is_not_used_after_it()
    {
        MappedDevice map = Map(OneGroup);
        Bio bio = _bench.Write(map);
        map.Message("fail_path a");
        AnswerAll(ActivationResult.Ok);
        _bench.Loop.RunFor(100 * Ms);
        AnswerAll(ActivationResult.Ok);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _a.Sent.ShouldBeEmpty();
        ShouldBeQuiet(map);
    }

    /// <summary>A map whose group was activated by an I/O.</summary>
    private MappedDevice Used(string groups)
    {
        MappedDevice map = Map(groups);
        _bench.Write(map);
        AnswerAll(ActivationResult.Ok);
        return map;
    }

    private MappedDevice Map(string groups, string features = "0")
    {
        bool isBio = features.Contains("bio", StringComparison.Ordinal);
        // In bio mode the map takes the handler that a device has already.
        if (isBio) (_a.Handler, _b.Handler) = (new TestHandler("alua"), new TestHandler("alua"));
        string handler = isBio ? "0" : "1 alua";
        return _bench.Map($"0 2048 multipath {features} {handler} {groups}");
    }

    private void AnswerAll(ActivationResult result)
    {
        foreach (TestHandler? handler in (TestHandler?[])[_a.Handler, _b.Handler])
            while (handler is { Waiting: > 0 }) handler.Answer(result);
        _bench.Loop.Settle();
    }

    private static string Status(MappedDevice map) =>
        map.Table!.Status()["0 2048 multipath ".Length..];

    private void ShouldBeQuiet(MappedDevice map)
    {
        Owner.Open.ShouldBe(0);
        map.InFlight.ShouldBe(0);
        (A.Waiting, B.Waiting).ShouldBe((0, 0));
        map.Multipath().IsBusy.ShouldBeFalse();
    }
}
