// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>What a block may hold, and may not.</summary>
public sealed class BlockHistoryTests
{
    private readonly BlockHistory _history = new(1, isVolatile: true);
    private readonly byte[] _bytes = new byte[Stamp.BlockBytes];

    [Fact]
    public void An_acknowledged_write_takes_the_place_of_what_was_over_before()
    {
        Write(1);
        Holds(0).ShouldBeFalse();
        Holds(1).ShouldBeTrue();
    }

    [Fact]
    public void Of_two_writes_at_the_same_time_either_may_be_the_last_until_one_was_read()
    {
        WriteRecord first = _history.BeginWrite(0, 1, 1, isDiscard: false);
        WriteRecord second = _history.BeginWrite(0, 1, 2, isDiscard: false);
        _history.Acknowledge(second, 0, 1, isDurable: false);
        _history.Acknowledge(first, 0, 1, isDurable: false);
        Holds(2).ShouldBeTrue();
        Holds(1).ShouldBeFalse();
    }

    [Fact]
    public void A_failed_write_may_be_done_at_any_time_until_it_is_quiet()
    {
        _history.Fail(_history.BeginWrite(0, 1, 1, isDiscard: false));
        Write(2);
        Holds(2).ShouldBeTrue();
        Holds(1).ShouldBeTrue();
        _history.Quiet();
        Write(3);
        Holds(1).ShouldBeFalse();
        Holds(3).ShouldBeTrue();
    }

    [Fact]
    public void A_lost_cache_brings_back_what_was_not_flushed_over()
    {
        Write(1);
        _history.Flushed(_history.Tick());
        Write(2);
        Write(3);
        _history.CacheLost(isKept: false);
        Holds(0).ShouldBeFalse();
        Holds(1).ShouldBeTrue();
        Holds(3).ShouldBeFalse();
    }

    [Fact]
    public void What_a_lost_cache_has_taken_may_come_back_by_a_late_copy()
    {
        Write(1);
        _history.CacheLost(isKept: false);
        Holds(0).ShouldBeTrue();
        _history.Flushed(_history.Tick());
        Holds(1).ShouldBeFalse();
        _history.CameLate(0, 1);
        Holds(1).ShouldBeTrue();
        Holds(0).ShouldBeFalse();
    }

    [Fact]
    public void But_not_over_a_write_that_began_later_and_was_acknowledged()
    {
        Write(1);
        _history.CacheLost(isKept: false);
        Holds(0).ShouldBeTrue();
        Write(2);
        _history.CameLate(0, 1);
        Holds(1).ShouldBeFalse();
        Holds(2).ShouldBeTrue();
    }

    [Fact]
    public void Nor_without_a_loss()
    {
        Write(1);
        Write(2);
        _history.CameLate(0, 1);
        Holds(1).ShouldBeFalse();
    }

    [Fact]
    public void A_flush_covers_only_what_was_acknowledged_when_it_began()
    {
        Write(1);
        _history.Flushed(_history.Tick());
        long flush = _history.Tick();
        Write(2);
        _history.Flushed(flush);
        _history.CacheLost(isKept: false);
        Holds(1).ShouldBeTrue();
    }

    [Fact]
    public void A_durable_write_survives()
    {
        WriteRecord write = _history.BeginWrite(0, 1, 7, isDiscard: false);
        _history.Acknowledge(write, 0, 1, isDurable: true);
        _history.CacheLost(isKept: false);
        Holds(0).ShouldBeFalse();
        Holds(7).ShouldBeTrue();
    }

    [Fact]
    public void A_read_that_began_before_may_see_what_was_there_then()
    {
        long start = _history.BeginRead(0, 1);
        Write(1);
        _history.EndRead(start, 0, 1, Bytes(0)).ShouldBeNull();
        Holds(0).ShouldBeFalse();
    }

    [Fact]
    public void One_other_byte_is_seen()
    {
        Write(1);
        byte[] bytes = Bytes(1);
        bytes[300] ^= 1;
        long start = _history.BeginRead(0, 1);
        _history.EndRead(start, 0, 1, bytes)!.ShouldContain("torn");
    }

    private void Write(ulong stamp)
    {
        WriteRecord write = _history.BeginWrite(0, 1, stamp, isDiscard: false);
        _history.Acknowledge(write, 0, 1, isDurable: false);
    }

    private bool Holds(ulong stamp) =>
        _history.EndRead(_history.BeginRead(0, 1), 0, 1, Bytes(stamp)) is null;

    private byte[] Bytes(ulong stamp)
    {
        _bytes.AsSpan().Clear();
        if (stamp != Stamp.Zero) Stamp.Fill(_bytes, stamp, 0);
        return _bytes;
    }
}
