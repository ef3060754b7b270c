// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>What waits goes out client by client, however much each has.</summary>
public sealed class TurnSchedulerTests
{
    private const int Kib = 1024;

    private readonly SimulatedLoop _loop = new(1);
    private readonly RequestQueue _queue;
    private readonly TurnScheduler _scheduler;
    private readonly TestOwner _owner = new();

    public TurnSchedulerTests()
    {
        var device = new TestDevice(_loop, "d", new QueueOptions { Depth = 4096 });
        _queue = device.Queue;
        _scheduler = new TurnScheduler(_queue);
    }

    [Fact]
    public void One_client_is_served_in_the_order_of_arrival()
    {
        long[] offsets = [.. Enumerable.Range(0, 300).Select(i => i * 7919L % 300 * 8 * Kib)];
        foreach (long offset in offsets) Insert(0, offset, 4 * Kib);
        Drain().Select(taken => taken.Offset).ShouldBe(offsets);
    }

    [Fact]
    public void A_single_request_waits_for_one_turn_of_a_flood()
    {
        for (int i = 0; i < 1000; i++) Insert(0, i * 8L * Kib, 4 * Kib);
        Insert(1, 0, 4 * Kib);
        Drain().FindIndex(taken => taken.Client == 1).ShouldBeLessThanOrEqualTo(32);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(4, 128)]
    [InlineData(4, 1024)]
    [InlineData(128, 1024)]
    public void Two_floods_get_the_same_bytes(int firstKib, int secondKib)
    {
        const int Each = 64 << 20;
        for (int i = 0; i < Each / (firstKib * Kib) && i < 2000; i++)
            Insert(0, i * 2L * firstKib * Kib, firstKib * Kib);
        for (int i = 0; i < Each / (secondKib * Kib) && i < 2000; i++)
            Insert(1, i * 2L * secondKib * Kib, secondKib * Kib);
        long difference = 0;
        List<(int Client, long Offset, long Length)> taken = Drain();
        // While both have something.
        int last = Math.Min(
            taken.FindLastIndex(one => one.Client == 0),
            taken.FindLastIndex(one => one.Client == 1));
        foreach ((int client, _, long length) in taken.Take(last))
        {
            difference += client == 0 ? length : -length;
            Math.Abs(difference).ShouldBeLessThanOrEqualTo(
                (128 + Math.Max(firstKib, secondKib) + secondKib) * Kib);
        }
    }

    [Fact]
    public void Whoever_trims_a_lot_waits_no_longer_for_his_next_turn()
    {
        _scheduler.Insert(Take(_owner.Make(BlockOperation.Discard, 0, 1 << 30), client: 0));
        Insert(0, 0, 4 * Kib);
        for (int i = 0; i < 1000; i++) Insert(1, i * 8L * Kib, 4 * Kib);
        Drain().FindLastIndex(taken => taken.Client == 0).ShouldBeLessThanOrEqualTo(64);
    }

    /// <summary>Back as soon as its only request was taken, it never seems to be in debt.</summary>
    [Theory]
    [InlineData(1024, 4)]
    [InlineData(1024, 128)]
    [InlineData(256, 1024)]
    public void A_client_that_has_all_in_one_request_gets_no_more_bytes(int oneKib, int otherKib)
    {
        long[] bytes = new long[2];
        bool isBack = true;
        for (int i = 0; i < 4; i++) Insert(1, i * 2L * Kib * otherKib, otherKib * Kib);
        while (bytes[0] + bytes[1] < 64 << 20)
        {
            if (isBack) Insert(0, 1L << 40, oneKib * Kib);
            Request taken = _scheduler.TakeNext()!;
            int client = ClientOf(taken);
            bytes[client] += taken.Length;
            isBack = client == 0;
            if (client == 1) Insert(1, taken.Offset, taken.Length);
            Free(taken);
        }
        Math.Abs(bytes[0] - bytes[1]).ShouldBeLessThan(4 << 20);
        Drain();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public void What_a_client_had_while_nobody_waited_does_not_count(int next)
    {
        Insert(0, 0, 32 << 20);
        Drain().ShouldHaveSingleItem();
        for (int i = 0; i < 1000; i++) Insert(1, i * 8L * Kib, 4 * Kib);
        Insert(next, 0, 4 * Kib);
        Drain().FindIndex(taken => taken.Client == next).ShouldBeLessThanOrEqualTo(32);
    }

    [Fact]
    public void Whoever_has_nothing_waiting_saves_up_no_turns()
    {
        for (int round = 0; round < 50; round++)
        {
            Insert(0, round * 8L * Kib, 4 * Kib);
            Drain().Count.ShouldBe(1);
        }
        for (int i = 0; i < 200; i++) Insert(0, i * 8L * Kib, 4 * Kib);
        for (int i = 0; i < 200; i++) Insert(1, i * 8L * Kib, 4 * Kib);
        List<(int Client, long Offset, long Length)> taken = Drain();
        taken.Take(64).Count(one => one.Client == 0).ShouldBe(32);
        _scheduler.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void A_random_run_loses_nothing_and_keeps_each_clients_order()
    {
        var random = new LoopRandom(7);
        var model = new Queue<long>[3];
        for (int i = 0; i < model.Length; i++) model[i] = new Queue<long>();
        long next = 0;
        for (int step = 0; step < 20_000; step++)
        {
            if (random.Chance(500))
            {
                int client = (int)random.Next(model.Length);
                long length = 4 * Kib * (1 + random.Next(64));
                next += 2 * length;
                model[client].Enqueue(next % (1L << 40));
                Insert(client, next % (1L << 40), length);
            }
            else if (_scheduler.TakeNext() is { } request)
            {
                model[ClientOf(request)].Dequeue().ShouldBe(request.Offset);
                Free(request);
            }
            _scheduler.IsEmpty.ShouldBe(Array.TrueForAll(model, queue => queue.Count == 0));
        }
    }

    [Theory]
    [InlineData(new[] { 2, 2, 2 }, new[] { 0, 1, 2 })]
    [InlineData(new[] { 2, 1, 2 }, new[] { 0, 2, 1 })]
    public void A_plug_goes_to_its_clients(int[] clients, int[] order)
    {
        var plug = new RequestList();
        for (int i = 0; i < clients.Length; i++)
            plug.AddLast(Take(clients[i], i * 8L * Kib, 4 * Kib));
        _scheduler.InsertAll(plug);
        (plug.Count, plug.First).ShouldBe((0, null));
        Drain().Select(taken => (int)(taken.Offset / (8 * Kib))).ShouldBe(order);
        _scheduler.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void A_bio_joins_a_request_of_its_own_client()
    {
        Insert(0, 0, 4 * Kib);
        _scheduler.TryMerge(Write(1, 4 * Kib, 4 * Kib)).ShouldBeFalse();
        _scheduler.TryMerge(Write(0, 4 * Kib, 4 * Kib)).ShouldBeTrue();
        Drain().ShouldHaveSingleItem().Length.ShouldBe(8 * Kib);
    }

    private void Insert(int client, long offset, long length) =>
        _scheduler.Insert(Take(client, offset, length));

    private Request Take(int client, long offset, long length) =>
        Take(_owner.Write(offset, length), client);

    private Request Take(Bio bio, int client)
    {
        Request request = _queue.Tags.TryTake()!;
        bio.Client = client;
        request.Begin(bio);
        return request;
    }

    private List<(int Client, long Offset, long Length)> Drain()
    {
        var taken = new List<(int, long, long)>();
        while (_scheduler.TakeNext() is { } request)
        {
            taken.Add((ClientOf(request), request.Offset, request.Length));
            Free(request);
        }
        return taken;
    }

    private Bio Write(int client, long offset, long length)
    {
        Bio bio = _owner.Write(offset, length);
        bio.Client = client;
        return bio;
    }

    private static int ClientOf(Request request) => request.FirstBio!.Client;

    private void Free(Request request)
    {
        request.FirstBio = null;
        _queue.Tags.Return(request);
    }
}
