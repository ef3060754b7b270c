// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>The memory behind a part of a request.</summary>
public sealed class RequestSegmentsTests
{
    private const long Start = 1 << 16;

    private readonly Bench _bench = new();
    private readonly TestDevice _device;

    public RequestSegmentsTests()
    {
        _device = _bench.Add("a");
        _device.DelayNs = null;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Any_part_of_a_request_has_the_memory_of_its_bios(ulong seed)
    {
        var random = new LoopRandom(seed);
        List<long> expected = Send(random, 20);
        Request request = _device.InFlight.Single();
        for (int i = 0; i < 500; i++)
        {
            int first = (int)random.Next(expected.Count);
            int count = (int)random.Next(expected.Count - first + 1);
            Addresses(request, Start + (first * 512), count * 512)
                .ShouldBe(expected.GetRange(first, count));
        }
    }

    [Fact]
    public void After_a_part_was_done_the_rest_has_the_memory_of_the_rest()
    {
        var random = new LoopRandom(3);
        List<long> expected = Send(random, 10);
        int done = 0;
        while (expected.Count - done > 1)
        {
            Request request = _device.InFlight.Single();
            int more = (int)random.Next(Math.Min(7, expected.Count - done));
            _device.Forget(request);
            _device.Queue.Requeue(request, more * 512, 0);
            _bench.Loop.Settle();
            done += more;
            Addresses(request, request.Offset, (int)request.Length)
                .ShouldBe(expected[done..]);
        }
    }

    [Fact]
    public void What_is_not_within_the_request_is_a_broken_invariant()
    {
        Send(new LoopRandom(1), 2);
        Request request = _device.InFlight.Single();
        Should.Throw<InvariantException>(() => Addresses(request, Start - 512, 512));
        Should.Throw<InvariantException>(() => Addresses(request, request.End - 512, 1024));
    }

    /// <summary>One request of so many bios; the address of each 512 bytes of it.</summary>
    private unsafe List<long> Send(LoopRandom random, int bios)
    {
        var expected = new List<long>();
        long offset = Start;
        for (int i = 0; i < bios; i++)
        {
            long length = 512 * (1 + random.Next(9));
            long address = 0x100000 + (random.Next(1000) * 8192);
            Bio bio = _bench.Owner.Write(offset, length);
            bio.Data = (byte*)address;
            _device.Submit(bio);
            for (long at = 0; at < length; at += 512) expected.Add(address + at);
            offset += length;
        }
        _bench.Loop.Settle();
        return expected;
    }

    private static unsafe List<long> Addresses(Request request, long offset, int length)
    {
        var addresses = new List<long>();
        foreach (RequestSegment segment in new RequestSegments(request, offset, length))
        {
            segment.Length.ShouldBeGreaterThan(0);
            for (int at = 0; at < segment.Length; at += 512)
                addresses.Add((long)segment.Data + at);
        }
        return addresses;
    }
}
