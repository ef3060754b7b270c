// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

public sealed class TagSetTests
{
    private static TagSet Make(int depth) =>
        new TestDevice(new SimulatedLoop(1), "a", new QueueOptions { Depth = depth }).Queue.Tags;

    [Fact]
    public void Each_use_of_a_tag_has_its_own_generation()
    {
        TagSet tags = Make(1);
        uint last = 0;
        for (int use = 0; use < 5; use++)
        {
            Request request = tags.TryTake()!;
            request.Tag.ShouldBe(0);
            request.Generation.ShouldNotBe(last);
            last = request.Generation;
            tags.Return(request);
        }
    }

    [Fact]
    public void All_tags_can_be_out_once_and_no_more()
    {
        TagSet tags = Make(7);
        var taken = new List<Request>();
        while (tags.TryTake() is { } request) taken.Add(request);
        taken.Select(request => request.Tag).Order().ShouldBe(Enumerable.Range(0, 7));
        tags.IsExhausted.ShouldBeTrue();
        tags.InUse.ShouldBe(7);
        foreach (Request request in taken) tags.Return(request);
        tags.InUse.ShouldBe(0);
        tags.IsExhausted.ShouldBeFalse();
    }

    [Fact]
    public void The_tag_freed_last_is_given_out_first()
    {
        TagSet tags = Make(4);
        Request first = tags.TryTake()!;
        Request second = tags.TryTake()!;
        tags.Return(first);
        tags.Return(second);
        tags.TryTake().ShouldBeSameAs(second);
        tags.TryTake().ShouldBeSameAs(first);
    }

    [Fact]
    public void A_tag_finds_its_request_in_any_state()
    {
        TagSet tags = Make(3);
        for (int tag = 0; tag < 3; tag++) tags[tag].Tag.ShouldBe(tag);
        Request taken = tags.TryTake()!;
        tags[taken.Tag].ShouldBeSameAs(taken);
    }

    [Fact]
    public void A_tag_is_not_returned_twice()
    {
        TagSet tags = Make(2);
        Request request = tags.TryTake()!;
        tags.Return(request);
        Should.Throw<InvariantException>(() => tags.Return(request));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1 << 16) + 1)]
    public void A_depth_out_of_range_is_refused(int depth) =>
        Should.Throw<InvariantException>(() => Make(depth));

    [Fact]
    public void A_thousand_random_steps_agree_with_a_model()
    {
        var random = new LoopRandom(3);
        TagSet tags = Make(16);
        var free = new Stack<int>(Enumerable.Range(0, 16).Reverse());
        var taken = new List<Request>();
        uint[] uses = new uint[16];
        for (int step = 0; step < 1000; step++)
        {
            if (random.Chance(500) && taken.Count > 0)
            {
                Request back = taken[(int)random.Next(taken.Count)];
                taken.Remove(back);
                tags.Return(back);
                free.Push(back.Tag);
            }
            else if (tags.TryTake() is { } request)
            {
                request.Tag.ShouldBe(free.Pop());
                request.Generation.ShouldBe(++uses[request.Tag]);
                taken.Add(request);
            }
            else
            {
                free.ShouldBeEmpty();
            }
            tags.InUse.ShouldBe(taken.Count);
        }
    }
}
