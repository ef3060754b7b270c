// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>
/// The request-based core: what it does with every verdict, and that each start of an I/O has
/// exactly one end on every way out.
/// </summary>
public sealed class RequestMapperTests
{
    private const long Ms = Loops.Ms;

    private readonly Bench _bench = new();
    private readonly TestDevice _path;
    private readonly TestTarget _target;
    private readonly MappedDevice _map;

    public RequestMapperTests()
    {
        _path = _bench.Add("a", new QueueOptions { Depth = 4 });
        _target = new TestTarget(_path);
        _map = _bench.Map(new QueueOptions { Depth = 8 }, _target);
    }

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void A_remapped_request_goes_to_the_path_and_ends_with_its_status()
    {
        _path.DelayNs = null;
        Bio bio = _bench.Write(_map);
        _path.InFlight.Single().Origin.ShouldNotBeNull();
        Owner.HasEnded(bio).ShouldBeFalse();
        _path.CompleteFirst(BlockStatus.Medium);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Medium);
        ShouldBeQuiet(starts: 1, releases: 0, ends: [BlockStatus.Medium]);
    }

    [Fact]
    public void A_clone_has_the_bios_and_the_flags_of_its_origin()
    {
        _path.DelayNs = null;
        for (int i = 0; i < 4; i++) _map.Give(Owner.Write(i * 4096, 4096));
        _bench.Loop.Settle();
        Request clone = _path.InFlight.Single();
        Request origin = clone.Origin!;
        (clone.Operation, clone.Flags, clone.Offset, clone.Length, clone.Segments)
            .ShouldBe((BlockOperation.Write, BioFlags.None, 0, 16384, 4));
        clone.FirstBio.ShouldBeSameAs(origin.FirstBio);
        clone.Queue.ShouldBeSameAs(_path.Queue);
        origin.Queue.ShouldBeSameAs(_map.Queue);
        _path.CompleteFirst();
        Owner.ShouldAllHaveEnded();
        _path.Statistics.WriteMerges.ShouldBe(0);
        _map.Statistics.WriteMerges.ShouldBe(3);
    }

    [Fact]
    public void A_submitted_request_is_the_targets()
    {
        _target.OnMap = () => MapResult.Submitted;
        Bio bio = _bench.Write(_map);
        _bench.Loop.RunFor(1000 * Ms);
        Owner.HasEnded(bio).ShouldBeFalse();
        _target.Maps.ShouldBe(1);
        _map.InFlight.ShouldBe(1);
    }

    [Fact]
    public void A_killed_request_is_an_I_O_error_and_the_target_hears_of_no_end()
    {
        _target.OnMap = () => MapResult.Kill;
        Bio bio = _bench.Write(_map);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        ShouldBeQuiet(starts: 0, releases: 0, ends: []);
    }

    [Fact]
    public void A_requeued_request_is_mapped_again_after_3_ms()
    {
        _target.OnMap = () => _target.Maps < 3 ? MapResult.Requeue : MapResult.Remapped;
        Bio bio = _bench.Write(_map);
        _bench.Loop.RunFor((6 * Ms) - 1);
        _target.Maps.ShouldBe(2);
        Owner.HasEnded(bio).ShouldBeFalse();
        _bench.Loop.RunFor(1);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _map.Statistics.Requeues.ShouldBe(0);
        ShouldBeQuiet(starts: 1, releases: 0, ends: [BlockStatus.Ok]);
    }

    [Fact]
    public void A_delayed_request_is_mapped_again_after_100_ms_and_others_pass_it()
    {
        _target.OnMap = () => _target.Maps < 2 ? MapResult.DelayRequeue : MapResult.Remapped;
        Bio late = _bench.Write(_map);
        Bio passing = _bench.Write(_map, 65536);
        Owner.StatusOf(passing).ShouldBe(BlockStatus.Ok);
        _map.Queue!.Requeued.ShouldBe(1);
        _bench.Loop.RunFor((100 * Ms) - 1);
        Owner.HasEnded(late).ShouldBeFalse();
        _bench.Loop.RunFor(1);
        Owner.StatusOf(late).ShouldBe(BlockStatus.Ok);
        _map.Statistics.Requeues.ShouldBe(1);
        ShouldBeQuiet(starts: 2, releases: 0, ends: [BlockStatus.Ok, BlockStatus.Ok]);
    }

    [Fact]
    public void A_kick_maps_delayed_requests_at_once_and_in_order()
    {
        bool held = true;
        _target.OnMap = () => held ? MapResult.DelayRequeue : MapResult.Remapped;
        for (int i = 0; i < 3; i++) _bench.Write(_map, i * 65536);
        held = false;
        _map.KickRequeueList();
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        _path.Ranges.Select(range => range.Offset).ShouldBe([0, 65536, 131072]);
    }

    [Fact]
    public void A_busy_target_is_not_asked_to_map()
    {
        _target.IsBusy = true;
        Bio bio = _bench.Write(_map);
        _bench.Loop.RunFor(10 * Ms);
        _target.Maps.ShouldBe(0);
        _target.IsBusy = false;
        _bench.Loop.RunFor(3 * Ms);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Theory]
    [InlineData(BlockStatus.Resource)]
    [InlineData(BlockStatus.DeviceResource)]
    public void A_clone_that_the_path_does_not_take_now_is_released_and_made_anew(
        BlockStatus refusal)
    {
        _path.Answer = _ => _path.Refusals < 2 ? refusal : BlockStatus.Ok;
        Bio bio = _bench.Write(_map);
        _path.Queue.Tags.InUse.ShouldBe(0);
        _target.Releases.ShouldBe(1);
        _bench.Loop.RunFor(6 * Ms);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeQuiet(starts: 3, releases: 2, ends: [BlockStatus.Ok]);
    }

    [Fact]
    public void A_clone_that_fails_at_once_goes_through_end_io()
    {
        _path.Answer = _ => BlockStatus.Transport;
        Bio bio = _bench.Write(_map);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Transport);
        ShouldBeQuiet(starts: 1, releases: 0, ends: [BlockStatus.Transport]);
    }

    [Fact]
    public void A_clone_that_is_too_long_for_the_path_is_an_error()
    {
        // The mapped device has taken the limits of its table; these are the path's from then on.
        _path.Queue.Limits = _path.Queue.Limits with { MaxBytes = 4096 };
        Bio bio = _bench.Write(_map, 0, 8192);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        ShouldBeQuiet(starts: 1, releases: 0, ends: [BlockStatus.IoError]);
        _path.Sent.ShouldBeEmpty();
    }

    [Fact]
    public void A_clone_that_the_path_cannot_do_at_all_is_not_supported()
    {
        _path.Queue.Limits = _path.Queue.Limits with { MaxBytes = 0 };
        Owner.StatusOf(_bench.Write(_map)).ShouldBe(BlockStatus.NotSupported);
        _target.Ends.ShouldBe([BlockStatus.NotSupported]);
    }

    [Fact]
    public void A_clone_with_too_many_segments_is_an_error()
    {
        _path.Queue.Limits = _path.Queue.Limits with { MaxSegments = 1 };
        for (int i = 0; i < 2; i++) _map.Give(Owner.Write(i * 4096, 4096));
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded(BlockStatus.IoError);
        ShouldBeQuiet(starts: 1, releases: 0, ends: [BlockStatus.IoError]);
    }

    [Fact]
    public void Requeue_at_the_end_maps_the_original_again_at_once()
    {
        int left = 3;
        _path.Outcome = _ => left-- > 0 ? BlockStatus.Transport : BlockStatus.Ok;
        _target.OnEnd = status =>
            status == BlockStatus.Ok ? EndIoResult.Done : EndIoResult.Requeue;
        Bio bio = _bench.Write(_map);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _path.Sent.Count.ShouldBe(4);
        _map.Statistics.Requeues.ShouldBe(3);
        ShouldBeQuiet(
            starts: 4, releases: 0,
            ends: [BlockStatus.Transport, BlockStatus.Transport, BlockStatus.Transport,
                BlockStatus.Ok]);
    }

    /// <summary>
    /// Two free retries, then 100 ms, 200, 400 and so on with jitter, up to 5 s: no kick cuts that
    /// short.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_request_that_comes_back_again_and_again_is_sent_less_and_less_often(bool holds)
    {
        MappedDevice map = _bench.Map(new QueueOptions { FreeRetries = 2 }, _target);
        _path.Outcome = _ => BlockStatus.Transport;
        _target.OnEnd = _ => EndIoResult.Requeue;
        _target.HoldsIo = holds;
        Bio bio = _bench.Write(map);
        _path.Sent.Count.ShouldBe(3);
        map.Held().Single().Reason.ShouldBe(HoldReason.Retries);
        for (int i = 0; i < 20; i++)
        {
            _bench.Loop.RunFor(50 * Ms);
            map.KickRequeueList();
        }
        _path.Sent.Count.ShouldBeInRange(5, 8);
        _bench.Loop.RunFor(300_000 * Ms);
        Owner.HasEnded(bio).ShouldBe(!holds);
        if (holds) return;
        Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        _path.Sent.Count.ShouldBe(3 + 16);
    }

    [Fact]
    public void Progress_gives_a_request_its_free_retries_again()
    {
        MappedDevice map = _bench.Map(new QueueOptions { FreeRetries = 1 }, _target);
        _path.DelayNs = null;
        _target.OnEnd = status =>
            status == BlockStatus.Ok ? EndIoResult.Done : EndIoResult.Requeue;
        Bio bio = _bench.Write(map);
        for (int i = 0; i < 7; i++)
        {
            _path.Complete(_path.InFlight[0], BlockStatus.Transport, done: 512);
            _bench.Loop.Settle();
        }
        _path.CompleteFirst();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void DelayRequeue_at_the_end_waits_100_ms_or_for_a_kick()
    {
        bool fails = true;
        _path.Outcome = _ => fails ? BlockStatus.Resource : BlockStatus.Ok;
        _target.OnEnd = status =>
            status == BlockStatus.Ok ? EndIoResult.Done : EndIoResult.DelayRequeue;
        Bio bio = _bench.Write(_map);
        _bench.Loop.RunFor(100 * Ms);
        _path.Sent.Count.ShouldBe(2);
        fails = false;
        _map.KickRequeueList();
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _path.Sent[1].AtNs.ShouldBe(_path.Sent[0].AtNs + (100 * Ms));
    }

    [Fact]
    public void Incomplete_at_the_end_leaves_the_request_to_the_target()
    {
        _target.OnEnd = _ => EndIoResult.Incomplete;
        Bio bio = _bench.Write(_map);
        _bench.Loop.RunFor(1000 * Ms);
        Owner.HasEnded(bio).ShouldBeFalse();
        _path.Queue.Tags.InUse.ShouldBe(0);
    }

    [Fact]
    public void The_target_may_change_the_status()
    {
        _path.Outcome = _ => BlockStatus.Transport;
        _target.ChangedStatus = BlockStatus.NoSpace;
        Owner.StatusOf(_bench.Write(_map)).ShouldBe(BlockStatus.NoSpace);
    }

    [Fact]
    public void Only_the_bytes_that_were_not_done_are_mapped_again()
    {
        _path.DelayNs = null;
        _target.OnEnd = status =>
            status == BlockStatus.Ok ? EndIoResult.Done : EndIoResult.Requeue;
        Bio[] bios = [.. Enumerable.Range(0, 3).Select(i => Owner.Write(i * 4096, 4096))];
        foreach (Bio bio in bios) _map.Submit(bio);
        _bench.Loop.Settle();
        _path.Complete(_path.InFlight[0], BlockStatus.Transport, 5000);
        Owner.Ended.ShouldBe([bios[0]]);
        _bench.Loop.Settle();
        _path.Ranges.Last().ShouldBe((5000, 12288 - 5000));
        _path.Complete(_path.InFlight[0], BlockStatus.Transport, 0);
        _bench.Loop.Settle();
        _path.CompleteFirst();
        Owner.ShouldAllHaveEnded();
        _map.Statistics.WriteBytes.ShouldBe(12288);
    }

    [Fact]
    public void Bytes_that_were_done_count_when_the_end_is_an_error()
    {
        _path.DelayNs = null;
        Bio[] bios = [.. Enumerable.Range(0, 3).Select(i => Owner.Read(i * 4096, 4096))];
        foreach (Bio bio in bios) _map.Submit(bio);
        _bench.Loop.Settle();
        _path.Complete(_path.InFlight[0], BlockStatus.Medium, 5000);
        bios.Select(Owner.StatusOf)
            .ShouldBe([BlockStatus.Ok, BlockStatus.Medium, BlockStatus.Medium]);
    }

    [Fact]
    public void Without_a_free_tag_on_the_path_the_request_waits_and_those_behind_it_merge()
    {
        _path.DelayNs = null;
        for (int i = 0; i < 4; i++) _bench.Write(_map, i * 65536);
        _bench.Write(_map, 1 << 19);
        _bench.Write(_map, (1 << 19) + 4096);
        _bench.Write(_map, (1 << 19) + 8192);
        _path.InFlight.Count.ShouldBe(4);
        while (_path.InFlight.Count > 0)
        {
            _path.CompleteFirst();
            _bench.Loop.Settle();
        }
        Owner.ShouldAllHaveEnded();
        _path.Ranges.Skip(4).ShouldBe([(1 << 19, 4096), ((1 << 19) + 4096, 8192)]);
        _target.Starts.ShouldBe(_target.Ends.Count);
    }

    [Fact]
    public void A_verdict_that_is_none_is_a_broken_invariant()
    {
        _target.OnMap = () => (MapResult)77;
        _map.Submit(Owner.Write(0, 4096));
        Should.Throw<InvariantException>(_bench.Loop.Settle);
        var other = new Bench();
        TestDevice path = other.Add("a");
        var target = new TestTarget(path) { OnEnd = _ => (EndIoResult)77 };
        other.Map(new QueueOptions(), target).Submit(other.Owner.Write(0, 4096));
        Should.Throw<InvariantException>(other.Loop.Settle);
    }

    /// <summary>
    /// A thousand requests against a target and a path that say anything at any time.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_random_run_ends_every_bio_once_and_pairs_every_start(ulong seed)
    {
        var random = new Braid.Io.LoopRandom(seed);
        _path.DelayNs = null;
        _target.OnMap = () => random.Next(10) switch
        {
            0 => MapResult.Requeue,
            1 => MapResult.DelayRequeue,
            2 => MapResult.Kill,
            _ => MapResult.Remapped,
        };
        _target.OnEnd = status => status == BlockStatus.Ok || random.Chance(300)
            ? EndIoResult.Done
            : random.Chance(500) ? EndIoResult.Requeue : EndIoResult.DelayRequeue;
        _path.Answer = _ => random.Next(8) switch
        {
            0 => BlockStatus.Resource,
            1 => BlockStatus.DeviceResource,
            2 => BlockStatus.Transport,
            _ => BlockStatus.Ok,
        };
        for (int step = 0; step < 5000; step++)
        {
            _target.IsBusy = random.Chance(100);
            if (Owner.Made < 1000 && random.Chance(400)) SubmitAny(random);
            else if (_path.InFlight.Count > 0) CompleteAny(random);
            if (random.Chance(300)) _bench.Loop.RunFor(random.Next(30 * Ms));
        }
        _target.IsBusy = false;
        _path.Answer = _ => BlockStatus.Ok;
        while (Owner.Open > 0)
        {
            while (_path.InFlight.Count > 0) CompleteAny(random);
            _bench.Loop.RunFor(100 * Ms);
        }
        _target.Starts.ShouldBe(_target.Releases + _target.Ends.Count);
        _target.Releases.ShouldBeGreaterThan(10);
        _map.InFlight.ShouldBe(0);
        _path.Queue.Tags.InUse.ShouldBe(0);
        _map.Statistics.InFlight.ShouldBe(0);
        _path.Statistics.InFlight.ShouldBe(0);
    }

    private void SubmitAny(Braid.Io.LoopRandom random) =>
        _map.Submit(Owner.Write(random.Next(100) * 4096, 4096 * (1 + random.Next(4))));

    private void CompleteAny(Braid.Io.LoopRandom random)
    {
        Request request = _path.InFlight[(int)random.Next(_path.InFlight.Count)];
        if (random.Chance(600))
            _path.Complete(request);
        else
            _path.Complete(request, BlockStatus.Timeout, random.Next(request.Length / 512) * 512);
    }

    private void ShouldBeQuiet(int starts, int releases, BlockStatus[] ends)
    {
        _target.Starts.ShouldBe(starts);
        _target.Releases.ShouldBe(releases);
        _target.Ends.ShouldBe(ends);
        _map.InFlight.ShouldBe(0);
        _path.Queue.Tags.InUse.ShouldBe(0);
        (_map.Statistics.InFlight, _path.Statistics.InFlight).ShouldBe((0, 0));
    }
}
