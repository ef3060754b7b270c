// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>Which group, and which path in it, takes an I/O.</summary>
public sealed class ChoiceTests
{
    private const string Groups = "0 2048 multipath 0 0 3 1 round-robin 0 2 1 a 1 b 1 "
        + "round-robin 0 1 1 c 1 round-robin 0 1 1 d 1";

    private readonly Bench _bench = new();
    private readonly MappedDevice _map;

    public ChoiceTests()
    {
        foreach (string name in (string[])["a", "b", "c", "d"]) _bench.Add(name);
        _map = _bench.Map(Groups);
    }

    private MultipathTarget Target => _map.Multipath();

    [Fact]
    public void Nothing_is_chosen_before_the_first_I_O()
    {
        Target.CurrentGroup.ShouldBeNull();
        Target.ValidPaths.ShouldBe(4);
        Paths(1).ShouldBe("a");
        Target.CurrentGroup!.Number.ShouldBe(1);
    }

    [Fact]
    public void The_current_group_is_used_until_it_has_no_path() =>
        PathsAfter("", 3).And("fail_path a", 2).And("fail_path b", 2).ShouldBe("aba bb cc");

    [Fact]
    public void A_reinstated_path_of_a_better_group_changes_nothing() =>
        PathsAfter("fail_path a", 1).And("fail_path b", 1).And("reinstate_path a", 2)
            .ShouldBe("b c cc");

    [Fact]
    public void When_no_path_was_left_the_choice_begins_anew() =>
        PathsAfter("switch_group 3", 1).And("fail_path d", 0).And("fail_path a", 0)
            .And("fail_path b", 0).And("fail_path c", 1).And("reinstate_path d", 0)
            .And("reinstate_path a", 1).ShouldBe("d ! a");

    [Fact]
    public void A_switched_group_is_tried_first_and_then_kept() =>
        PathsAfter("", 1).And("switch_group 2", 2).And("fail_path c", 1)
            .And("reinstate_path c", 1).ShouldBe("a cc b a");

    [Fact]
    public void A_switch_to_a_group_without_a_path_is_used_up_by_the_next_I_O() =>
        PathsAfter("fail_path c", 0).And("switch_group 2", 1).And("reinstate_path c", 2)
            .ShouldBe("a ba");

    [Fact]
    public void A_bypassed_group_is_passed_by() =>
        PathsAfter("", 1).And("disable_group 1", 2).And("disable_group 2", 1)
            .And("enable_group 1", 1).ShouldBe("a cc d b");

    [Fact]
    public void With_all_groups_bypassed_the_first_that_works_is_used() =>
        PathsAfter("disable_group 1", 0).And("disable_group 2", 0).And("disable_group 3", 2)
            .And("fail_path a", 0).And("fail_path b", 1).ShouldBe("ab c");

    [Fact]
    public void A_bypassed_group_is_better_than_none() =>
        PathsAfter("disable_group 3", 0).And("fail_path a", 0).And("fail_path b", 0)
            .And("fail_path c", 1).ShouldBe("d");

    [Fact]
    public void Switching_ends_all_bypassing()
    {
        PathsAfter("disable_group 1", 0).And("disable_group 2", 0).And("switch_group 3", 1)
            .ShouldBe("d");
        Target.Groups.ShouldAllBe(group => !group.IsBypassed);
    }

    [Fact]
    public void A_group_that_was_switched_to_is_used_even_if_it_was_bypassed_afterwards() =>
        PathsAfter("switch_group 3", 0).And("disable_group 3", 1).ShouldBe("d");

    [Fact]
    public void The_initial_group_is_tried_first_and_once()
    {
        MappedDevice map = _bench.Map("0 2048 multipath 0 0 2 2 round-robin 0 1 1 a 1 "
            + "round-robin 0 1 1 b 1");
        _bench.Write(map);
        map.Message("fail_path b");
        _bench.Write(map);
        map.Message("reinstate_path b");
        _bench.Write(map);
        Sent("b").ShouldBe(1);
        Sent("a").ShouldBe(2);
    }

    [Fact]
    public void A_path_in_two_groups_fails_and_returns_in_both()
    {
        MappedDevice map = _bench.Map("0 2048 multipath 0 0 2 1 round-robin 0 2 1 a 1 b 1 "
            + "round-robin 0 1 1 a 1");
        MultipathTarget target = map.Multipath();
        map.Table!.Devices.Count().ShouldBe(2);
        target.ValidPaths.ShouldBe(3);
        map.Message("fail_path a");
        target.ValidPaths.ShouldBe(1);
        map.EventNumber.ShouldBe(1u);
        map.Message("reinstate_path a");
        target.ValidPaths.ShouldBe(3);
        map.EventNumber.ShouldBe(2u);
    }

    [Fact]
    public void Each_verb_raises_its_events_and_tells_of_paths()
    {
        _map.Message("fail_path a");
        _map.Message("fail_path a");
        _map.Message("fail_path b");
        _map.Message("reinstate_path a");
        _map.Message("reinstate_path a");
        _map.EventNumber.ShouldBe(3u);
        foreach (string message in (string[])["disable_group 1", "disable_group 1",
            "enable_group 1", "switch_group 1", "switch_group 1"])
            _map.Message(message);
        _map.EventNumber.ShouldBe(8u);
        _map.Message("queue_if_no_path");
        _map.Message("fail_if_no_path");
        _map.EventNumber.ShouldBe(8u);
        _bench.Changes.ShouldBe(["-a 3", "-b 2", "+a 3"]);
        _bench.Log.ShouldBe(["Failing path a.", "Failing path b.", "Reinstating path a."]);
    }

    private int Sent(string name) => ((TestDevice)_bench.Find(name)).Sent.Count;

    /// <summary>The paths of so many writes, one after the other; ! for one that failed.</summary>
    private string Paths(int writes)
    {
        string taken = "";
        for (int i = 0; i < writes; i++)
        {
            var before = "abcd".Select(name => (Name: name, Sent: Sent($"{name}"))).ToList();
            _bench.Write(_map);
            taken += before.Find(path => Sent($"{path.Name}") > path.Sent) is { Name: > '\0' } path
                ? path.Name
                : '!';
        }
        return taken;
    }

    private Steps PathsAfter(string message, int writes) => new Steps(this).And(message, writes);

    /// <summary>Messages, and after each the paths of some writes.</summary>
    private sealed class Steps(ChoiceTests test)
    {
        private readonly List<string> _paths = [];

        public Steps And(string message, int writes)
        {
            if (message.Length > 0) test._map.Message(message);
            if (writes > 0) _paths.Add(test.Paths(writes));
            return this;
        }

        public void ShouldBe(string paths) => string.Join(' ', _paths).ShouldBe(paths);
    }
}
