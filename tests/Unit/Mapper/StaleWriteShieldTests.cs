// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Tests.Unit.Mapper;

/// <summary>Which writes wait for which stale ones, and until when.</summary>
public sealed class StaleWriteShieldTests
{
    private readonly StaleWriteShield _shield;
    private readonly object _owner = new();
    private int _lowered;

    public StaleWriteShieldTests() => _shield = new StaleWriteShield(() => _lowered++);

    [Theory]
    [InlineData(0, 4096, false)]
    [InlineData(0, 4097, true)]
    [InlineData(8191, 1, true)]
    [InlineData(8192, 512, false)]
    [InlineData(0, 1 << 20, true)]
    [InlineData(5000, 10, true)]
    public void Holds_what_overlaps(long offset, long length, bool holds)
    {
        _shield.Add(_owner, 1, 4096, 4096, new StaleWrite());
        _shield.Holds(new object(), 1, offset, length).ShouldBe(holds);
    }

    [Fact]
    public void Its_own_retry_is_not_held_but_another_use_of_the_owner_is()
    {
        _shield.Add(_owner, 7, 0, 4096, new StaleWrite());
        _shield.Holds(_owner, 7, 0, 4096).ShouldBeFalse();
        _shield.Holds(_owner, 8, 0, 4096).ShouldBeTrue();
        (_shield.Has(_owner, 7), _shield.Has(_owner, 8)).ShouldBe((true, false));
    }

    [Fact]
    public void Two_stale_writes_to_the_same_bytes_hold_each_other()
    {
        var other = new object();
        _shield.Add(_owner, 1, 0, 4096, new StaleWrite());
        _shield.Add(other, 1, 2048, 4096, new StaleWrite());
        _shield.Holds(_owner, 1, 0, 4096).ShouldBeTrue();
        _shield.Holds(other, 1, 2048, 4096).ShouldBeTrue();
    }

    [Fact]
    public void Is_lowered_as_each_is_quiet()
    {
        StaleWrite[] writes = [new(), new(), new()];
        for (int i = 0; i < 3; i++) _shield.Add(null, 0, i * 4096, 4096, writes[i]);
        writes[0].End();
        _shield.Holds(_owner, 1, 0, 4096).ShouldBeFalse();
        _shield.Holds(_owner, 1, 4096, 4096).ShouldBeTrue();
        writes[2].End();
        writes[1].End();
        (_shield.IsUp, _shield.Count, _lowered).ShouldBe((false, 3, 3));
    }

    [Fact]
    public void Turned_off_it_holds_nothing_that_is_or_comes()
    {
        _shield.Add(_owner, 1, 0, 4096, new StaleWrite());
        _shield.TurnOff();
        _shield.Add(_owner, 2, 0, 4096, new StaleWrite());
        (_shield.IsUp, _lowered).ShouldBe((false, 1));
    }

    [Fact]
    public void Beyond_its_bound_it_holds_more_and_forgets_nothing()
    {
        var writes = new List<StaleWrite>();
        for (int i = 0; i <= StaleWriteShield.MaxRanges; i++)
        {
            writes.Add(new StaleWrite());
            _shield.Add(_owner, 1, i * 8192L, 4096, writes[i]);
        }
        _shield.Ranges.Count.ShouldBe(2);
        _shield.Holds(_owner, 1, 4096, 512).ShouldBeTrue("what lies between");
        foreach (StaleWrite write in writes.Skip(1)) write.End();
        _shield.Holds(new object(), 1, 8192, 512).ShouldBeTrue("one of the joined is not quiet");
        writes[0].End();
        _shield.IsUp.ShouldBeFalse();
    }

    [Fact]
    public void What_is_quiet_already_or_changes_nothing_is_not_held()
    {
        var quiet = new StaleWrite();
        quiet.End();
        _shield.Add(_owner, 1, 0, 4096, quiet);
        _shield.Add(_owner, 1, 0, 0, new StaleWrite());
        _shield.IsUp.ShouldBeFalse();
    }

    [Fact]
    public void An_operators_word_lowers_it_for_good()
    {
        var write = new StaleWrite();
        _shield.Add(_owner, 1, 0, 4096, write);
        _shield.Lower();
        (_shield.IsUp, _lowered).ShouldBe((false, 1));
        write.End();
        _lowered.ShouldBe(1);
    }

    [Fact]
    public void Joined_writes_are_quiet_when_both_are()
    {
        var first = new StaleWrite();
        var second = new StaleWrite();
        StaleWrite both = StaleWrite.Join(first, second)!;
        int told = 0;
        both.WhenQuiet(() => told++);
        second.End();
        (both.IsQuiet, told).ShouldBe((false, 0));
        first.End();
        (both.IsQuiet, told).ShouldBe((true, 1));
        StaleWrite.Join(null, first).ShouldBe(first);
        StaleWrite.Join(first, null).ShouldBeNull();
    }
}
