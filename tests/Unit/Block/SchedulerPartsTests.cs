// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Unit.Block;

/// <summary>The sorted tree, the table by ends, the lists, and first come, first served.</summary>
public sealed class SchedulerPartsTests
{
    private const BlockOperation Write = BlockOperation.Write;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sorted_requests_agree_with_a_sorted_list(ulong seed)
    {
        var bench = new SchedulerBench(SchedulerKind.None);
        var random = new LoopRandom(seed);
        var sorted = new SortedRequests(new LoopRandom(seed + 1));
        var model = new List<Request>();
        for (int step = 0; step < 5000; step++)
        {
            if (random.Chance(520) && model.Count < 300)
            {
                Request request = bench.Take(bench.Make(Write, random.Next(100) * 512, 512));
                request.Links.Sequence = step;
                sorted.Add(request);
                model.Add(request);
                model.Sort((a, b) => (a.Offset, a.Links.Sequence)
                    .CompareTo((b.Offset, b.Links.Sequence)));
            }
            else if (model.Count > 0)
            {
                Request request = model[(int)random.Next(model.Count)];
                sorted.Remove(request);
                model.Remove(request);
                bench.Free(request);
            }
            Check(sorted, model, random.Next(101) * 512);
        }
    }

    [Fact]
    public void A_tree_of_ascending_offsets_is_not_a_list()
    {
        var bench = new SchedulerBench(SchedulerKind.None);
        var sorted = new SortedRequests(new LoopRandom(9));
        var requests = new List<Request>();
        for (int i = 0; i < 4000; i++)
        {
            Request request = bench.Take(bench.Make(Write, i * 512, 512));
            sorted.Add(request);
            requests.Add(request);
        }
        requests.Max(Depth).ShouldBeLessThan(60);
    }

    [Fact]
    public void The_table_by_ends_agrees_with_a_plain_list()
    {
        var bench = new SchedulerBench(SchedulerKind.None);
        var random = new LoopRandom(4);
        var table = new EndTable();
        var model = new List<Request>();
        BlockOperation[] operations = [BlockOperation.Read, Write, BlockOperation.Discard];
        for (int step = 0; step < 5000; step++)
        {
            if (random.Chance(520) && model.Count < 1000)
            {
                BlockOperation operation = operations[random.Next(3)];
                Request request = bench.Take(bench.Make(operation, random.Next(50) * 512, 512));
                table.Add(request);
                model.Add(request);
            }
            else if (model.Count > 0)
            {
                Request request = model[(int)random.Next(model.Count)];
                table.Remove(request, request.End);
                model.Remove(request);
                bench.Free(request);
            }
            long end = random.Next(52) * 512;
            BlockOperation wanted = operations[random.Next(3)];
            Request? found = table.Find(end, wanted);
            bool exists = model.Exists(r => r.End == end && r.Operation == wanted);
            (found is not null).ShouldBe(exists);
            if (found is not null) (found.End, found.Operation).ShouldBe((end, wanted));
        }
    }

    [Fact]
    public void A_list_of_requests_agrees_with_a_linked_list()
    {
        var bench = new SchedulerBench(SchedulerKind.None);
        var random = new LoopRandom(6);
        var list = new RequestList();
        var model = new LinkedList<Request>();
        for (int step = 0; step < 3000; step++)
        {
            switch (random.Next(5))
            {
                case 0:
                    model.AddLast(bench.Take(bench.Make(Write, 0, 512)));
                    list.AddLast(model.Last!.Value);
                    break;
                case 1:
                    model.AddFirst(bench.Take(bench.Make(Write, 0, 512)));
                    list.AddFirst(model.First!.Value);
                    break;
                case 2:
                    Request? first = list.TakeFirst();
                    first.ShouldBeSameAs(model.First?.Value);
                    if (first is null) break;
                    model.RemoveFirst();
                    bench.Free(first);
                    break;
                case 3:
                    if (model.Count < 2) break;
                    LinkedListNode<Request> moved = model.Last!;
                    LinkedListNode<Request> place = Node(model, random.Next(model.Count - 1));
                    list.MoveBefore(moved.Value, place.Value);
                    model.RemoveLast();
                    model.AddBefore(place, moved);
                    break;
                default:
                    if (model.Count == 0) break;
                    Request any = model.ElementAt((int)random.Next(model.Count));
                    list.Remove(any);
                    model.Remove(any);
                    bench.Free(any);
                    break;
            }
            list.Count.ShouldBe(model.Count);
            list.First.ShouldBeSameAs(model.First?.Value);
            list.Last.ShouldBeSameAs(model.Last?.Value);
        }
        var order = new List<Request>();
        for (Request? at = list.First; at is not null; at = at.Links.Next) order.Add(at);
        order.ShouldBe(model);
    }

    [Fact]
    public void A_request_is_removed_only_from_the_list_it_is_in()
    {
        var bench = new SchedulerBench(SchedulerKind.None);
        var list = new RequestList();
        Request request = bench.Take(bench.Make(Write, 0, 512));
        list.AddLast(request);
        Should.Throw<Support.InvariantException>(() => new RequestList().Remove(request));
    }

    [Fact]
    public void Without_a_scheduler_requests_go_in_the_order_of_their_arrival()
    {
        var bench = new SchedulerBench(SchedulerKind.None);
        foreach (int unit in (int[])[5, 1, 9, 3]) bench.Insert(BlockOperation.Read, unit * 65536L);
        bench.Drain().ShouldBe([5, 1, 9, 3]);
    }

    [Theory]
    [InlineData(7, true)]
    [InlineData(8, false)]
    public void Without_a_scheduler_the_eight_newest_take_bios(int younger, bool joins)
    {
        var bench = new SchedulerBench(SchedulerKind.None);
        bench.Insert(Write, 0);
        for (int i = 1; i <= younger; i++) bench.Insert(Write, i * 65536);
        bench.TryMerge(Write, 4096).ShouldBe(joins);
    }

    private static LinkedListNode<Request> Node(LinkedList<Request> list, long index)
    {
        LinkedListNode<Request> node = list.First!;
        while (index-- > 0) node = node.Next!;
        return node;
    }

    private static int Depth(Request request)
    {
        int depth = 0;
        for (Request? at = request; at is not null; at = at.Links.Parent) depth++;
        return depth;
    }

    private static void Check(SortedRequests sorted, List<Request> model, long offset)
    {
        Request? found = sorted.FindAt(offset);
        (found is not null).ShouldBe(model.Exists(request => request.Offset == offset));
        if (found is not null) found.Offset.ShouldBe(offset);
        for (int i = 0; i < model.Count; i += 7)
        {
            SortedRequests.Successor(model[i]).ShouldBeSameAs(model.ElementAtOrDefault(i + 1));
            SortedRequests.Predecessor(model[i]).ShouldBeSameAs(i == 0 ? null : model[i - 1]);
        }
    }
}
