// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>Requests of which only the first bytes were done, and requests given back.</summary>
public sealed class PartialCompletionTests
{
    private const long Ms = Loops.Ms;

    private readonly Bench _bench = new();
    private readonly TestDevice _device;

    public PartialCompletionTests()
    {
        _device = _bench.Add("a", new QueueOptions { Depth = 8 });
        _device.DelayNs = null;
    }

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4095, 0)]
    [InlineData(4096, 1)]
    [InlineData(6000, 1)]
    [InlineData(8192, 2)]
    [InlineData(12288, 3)]
    [InlineData(16383, 3)]
    public void Bios_that_are_covered_end_well_and_the_others_with_the_error(long done, int covered)
    {
        Bio[] bios = SendFour();
        _device.Complete(_device.InFlight[0], BlockStatus.Medium, done);
        for (int i = 0; i < 4; i++)
            Owner.StatusOf(bios[i]).ShouldBe(i < covered ? BlockStatus.Ok : BlockStatus.Medium);
        _device.Queue.Tags.InUse.ShouldBe(0);
    }

    [Theory]
    [InlineData(BlockStatus.Ok, 4096)]
    [InlineData(BlockStatus.Medium, 16384)]
    [InlineData(BlockStatus.Medium, 16385)]
    public void Success_is_all_bytes_and_an_error_is_not(BlockStatus status, long done)
    {
        SendFour();
        Request request = _device.InFlight[0];
        Should.Throw<InvariantException>(
            () => _device.Queue.Complete(request, status, done));
    }

    [Fact]
    public void A_request_completes_once()
    {
        SendFour();
        Request request = _device.InFlight[0];
        _device.Complete(request);
        Should.Throw<InvariantException>(() => _device.Queue.Complete(request, BlockStatus.Ok));
    }

    [Fact]
    public void Only_the_rest_of_a_requeued_request_is_sent_again_and_bios_end_once()
    {
        Bio[] bios = SendFour();
        Requeue(_device.InFlight[0], 6000, 0);
        Owner.Ended.ShouldBe([bios[0]]);
        _bench.Loop.Settle();
        _device.Ranges.Last().ShouldBe((6000, 16384 - 6000));
        _device.InFlight[0].FirstBio.ShouldBe(bios[1]);
        bios[1].Left.ShouldBe(8192 - 6000);
        Requeue(_device.InFlight[0], 100, 0);
        _bench.Loop.Settle();
        _device.Ranges.Last().ShouldBe((6100, 16384 - 6100));
        _device.CompleteFirst();
        Owner.ShouldAllHaveEnded();
        _device.Statistics.Requeues.ShouldBe(2);
        _device.Statistics.WriteBytes.ShouldBe(16384);
        _device.Statistics.Writes.ShouldBe(1);
    }

    [Fact]
    public unsafe void The_rest_of_a_bio_begins_behind_its_done_bytes()
    {
        Bio bio = Owner.Write(0, 8192);
        bio.Data = (byte*)0x1000;
        _device.Give(bio);
        _bench.Loop.Settle();
        Requeue(_device.InFlight[0], 512, 0);
        ((long)bio.Cursor).ShouldBe(0x1000 + 512);
        _bench.Loop.Settle();
        _device.CompleteFirst();
        // The owner's again: as it was submitted.
        ((long)bio.Cursor).ShouldBe(0x1000);
        bio.Left.ShouldBe(8192);
    }

    [Fact]
    public void A_discard_of_which_a_part_is_done_has_no_segments()
    {
        TestDevice device = _bench.Add("b", limits: new QueueLimits { MaxDiscardBytes = 1 << 20 });
        device.DelayNs = null;
        for (int i = 0; i < 3; i++)
            device.Give(Owner.Make(BlockOperation.Discard, i * 4096, 4096));
        _bench.Loop.Settle();
        Request request = device.InFlight.Single();
        request.Segments.ShouldBe(0);
        device.Forget(request);
        device.Queue.Requeue(request, 8192, 0);
        _bench.Loop.Settle();
        device.InFlight.Single().Segments.ShouldBe(0);
        device.Ranges.Last().ShouldBe((8192, 4096));
        device.CompleteFirst();
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void Requeued_requests_go_first_and_in_their_order()
    {
        for (int i = 0; i < 3; i++) _device.Give(Owner.Write(i * 65536, 4096));
        _bench.Loop.Settle();
        Request[] flying = [.. _device.InFlight];
        _device.Give(Owner.Write(9 * 65536, 4096));
        foreach (Request request in flying) Requeue(request, 0, 0);
        _bench.Loop.Settle();
        _device.Ranges.Skip(3).Select(range => range.Offset)
            .ShouldBe([0, 65536, 2 * 65536, 9 * 65536]);
    }

    [Fact]
    public void A_requeued_request_takes_no_more_bios()
    {
        _device.Give(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        Requeue(_device.InFlight[0], 0, 0);
        _device.Give(Owner.Write(4096, 4096));
        _bench.Loop.Settle();
        _device.Ranges.Skip(1).ShouldBe([(0, 4096), (4096, 4096)]);
    }

    [Fact]
    public void A_delayed_requeue_waits_its_time()
    {
        _device.Give(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        Requeue(_device.InFlight[0], 0, 100 * Ms);
        _bench.Loop.RunFor((100 * Ms) - 1);
        _device.Sent.Count.ShouldBe(1);
        _device.Queue.Requeued.ShouldBe(1);
        _bench.Loop.RunFor(1);
        _device.Sent.Count.ShouldBe(2);
        _device.Queue.Requeued.ShouldBe(0);
    }

    [Fact]
    public void A_kick_ends_the_delay()
    {
        _device.Give(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        Requeue(_device.InFlight[0], 0, 100 * Ms);
        _bench.Loop.RunFor(10 * Ms);
        _device.Queue.KickRequeueList();
        _bench.Loop.Settle();
        _device.Sent.Count.ShouldBe(2);
        _device.CompleteAll();
        _bench.Loop.RunFor(1000 * Ms);
        _device.Sent.Count.ShouldBe(2);
    }

    [Fact]
    public void A_second_delayed_requeue_does_not_put_off_the_first()
    {
        _device.Give(Owner.Write(0, 4096));
        _device.Give(Owner.Write(65536, 4096));
        _bench.Loop.Settle();
        Requeue(_device.InFlight[0], 0, 100 * Ms);
        _bench.Loop.RunFor(60 * Ms);
        Requeue(_device.InFlight[0], 0, 100 * Ms);
        _bench.Loop.RunFor(40 * Ms);
        _device.Ranges.Skip(2).Select(range => range.Offset).ShouldBe([0, 65536]);
    }

    [Fact]
    public void New_bios_pass_what_waits_for_its_delay()
    {
        _device.Give(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        Requeue(_device.InFlight[0], 0, 100 * Ms);
        _bench.Write(_device, 65536);
        _device.Ranges.Last().Offset.ShouldBe(65536);
    }

    [Fact]
    public void A_new_use_of_a_requeued_tag_merges_again()
    {
        TestDevice device = _bench.Add("b", new QueueOptions { Depth = 1 });
        device.DelayNs = null;
        _bench.Write(device);
        Request request = device.InFlight[0];
        device.CompleteFirst();
        device.Give(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        device.InFlight[0].ShouldBeSameAs(request);
        device.Forget(request);
        device.Queue.Requeue(request, 0, 0);
        _bench.Loop.Settle();
        device.CompleteFirst();
        device.Give(Owner.Write(0, 4096));
        device.Give(Owner.Write(4096, 4096));
        _bench.Loop.Settle();
        device.Ranges.Last().ShouldBe((0, 8192));
    }

    private Bio[] SendFour()
    {
        Bio[] bios = [.. Enumerable.Range(0, 4).Select(i => Owner.Write(i * 4096, 4096))];
        foreach (Bio bio in bios) _device.Submit(bio);
        _bench.Loop.Settle();
        _device.InFlight.Count.ShouldBe(1);
        return bios;
    }

    private void Requeue(Request request, long done, long delayNs)
    {
        _device.Forget(request);
        _device.Queue.Requeue(request, done, delayNs);
    }
}
