// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>Bios that wait because all tags are out.</summary>
public sealed class TagWaitTests
{
    private readonly Bench _bench = new();

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void Bios_that_wait_for_tags_go_in_their_order_and_none_is_lost()
    {
        TestDevice device = Manual(2);
        for (int i = 0; i < 10; i++) device.Submit(Owner.Write(i * 65536, 4096));
        _bench.Loop.Settle();
        device.InFlight.Count.ShouldBe(2);
        while (device.InFlight.Count > 0)
        {
            device.CompleteFirst();
            _bench.Loop.Settle();
        }
        Owner.ShouldAllHaveEnded();
        device.Ranges.Select(range => range.Offset)
            .ShouldBe(Enumerable.Range(0, 10).Select(i => i * 65536L));
    }

    [Fact]
    public void One_tag_is_enough_for_any_number_of_bios()
    {
        TestDevice device = _bench.Add("a", new QueueOptions { Depth = 1 });
        for (int i = 0; i < 100; i++) device.Submit(Owner.Write(i * 65536, 4096));
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBe(100);
        Owner.ShouldAllHaveEnded();
        device.Queue.Tags.InUse.ShouldBe(0);
    }

    [Fact]
    public void Bios_that_waited_merge_when_a_tag_is_free()
    {
        TestDevice device = Manual(1);
        device.Submit(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        for (int i = 0; i < 8; i++) device.Submit(Owner.Write(65536 + (i * 4096), 4096));
        _bench.Loop.Settle();
        device.CompleteFirst();
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 4096), (65536, 32768)]);
        device.CompleteFirst();
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_later_bio_does_not_pass_one_that_waits_even_to_merge()
    {
        // The first waits for the only tag; the second could join the request in the plug.
        TestDevice device = Manual(1);
        device.Submit(Owner.Write(0, 4096));
        device.Submit(Owner.Write(65536, 4096));
        device.Submit(Owner.Write(4096, 4096));
        _bench.Loop.Settle();
        device.Sent[0].Bios.ShouldBe(1);
        device.CompleteFirst();
        _bench.Loop.Settle();
        device.Sent[1].Offset.ShouldBe(65536);
    }

    [Fact]
    public void A_bio_submitted_while_others_wait_goes_behind_them()
    {
        TestDevice device = Manual(1);
        for (int i = 0; i < 3; i++) device.Submit(Owner.Write(i * 65536, 4096));
        _bench.Loop.Settle();
        device.CompleteFirst();
        // The tag is free, but two bios were here before.
        device.Submit(Owner.Write(9 * 65536, 4096));
        _bench.Loop.Settle();
        device.Sent[^1].Offset.ShouldBe(65536);
    }

    [Fact]
    public void Flushes_that_wait_for_a_tag_join()
    {
        TestDevice device = Manual(1, new QueueLimits { WriteCache = true });
        device.Submit(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        for (int i = 0; i < 5; i++) device.Submit(Owner.Flush());
        _bench.Loop.Settle();
        device.CompleteFirst();
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBe(2);
        device.CompleteFirst();
        Owner.ShouldAllHaveEnded();
    }

    private TestDevice Manual(int depth, QueueLimits? limits = null)
    {
        TestDevice device = _bench.Add("a", new QueueOptions { Depth = depth }, limits);
        device.DelayNs = null;
        return device;
    }
}
