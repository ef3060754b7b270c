// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Unit.Block;

public sealed class QueueLimitsTests
{
    private const int Kib = 1024;

    [Fact]
    public void Each_operation_has_its_longest_request()
    {
        var limits = new QueueLimits { MaxBytes = 1, MaxDiscardBytes = 2, MaxWriteZeroesBytes = 3 };
        long[] max = [.. Enum.GetValues<BlockOperation>().Select(limits.MaxFor)];
        max.ShouldBe([1, 1, long.MaxValue, 2, 3, long.MaxValue]);
        limits.MaxFor((BlockOperation)99).ShouldBe(0);
    }

    [Fact]
    public void Stacking_takes_the_stricter_of_each()
    {
        var a = new QueueLimits
        {
            MaxBytes = 10, MaxSegments = 7, LogicalBlockSize = 512, MaxDiscardBytes = 5,
            MaxWriteZeroesBytes = 0, ReadOnly = true, Extents = true,
        };
        var b = new QueueLimits
        {
            MaxBytes = 20, MaxSegments = 5, LogicalBlockSize = 4096, MaxDiscardBytes = 6,
            MaxWriteZeroesBytes = 9, Extents = true,
        };
        var both = new QueueLimits
        {
            MaxBytes = 10, MaxSegments = 5, LogicalBlockSize = 4096, MaxDiscardBytes = 5,
            MaxWriteZeroesBytes = 0, ReadOnly = true, Extents = true,
            Fua = true,
        };
        a.Stack(b).ShouldBe(both);
        b.Stack(a).ShouldBe(both);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 64, 64)]
    [InlineData(64, 0, 64)]
    [InlineData(64, 128, 64)]
    [InlineData(64, 96, 32)]
    public void A_border_of_either_is_a_border_of_both(long a, long b, long both)
    {
        QueueLimits stacked = new QueueLimits { BoundaryBytes = a * Kib }
            .Stack(new QueueLimits { BoundaryBytes = b * Kib });
        stacked.BoundaryBytes.ShouldBe(both * Kib);
    }

    [Fact]
    public void Extents_must_be_everybodys()
    {
        var with = new QueueLimits { Extents = true };
        with.Stack(new QueueLimits()).Extents.ShouldBeFalse();
        new QueueLimits().Stack(with).Extents.ShouldBeFalse();
        with.Stack(with).Extents.ShouldBeTrue();
    }

    [Theory]
    [InlineData(false, false, false, false, false, true)]
    [InlineData(true, false, false, false, true, false)]
    [InlineData(true, true, false, false, true, true)]
    [InlineData(true, true, true, false, true, false)]
    [InlineData(true, true, true, true, true, true)]
    public void Fua_must_be_everybodys_who_has_a_cache(
        bool cache1, bool fua1, bool cache2, bool fua2, bool cache, bool fua)
    {
        var a = new QueueLimits { WriteCache = cache1, Fua = fua1 };
        var b = new QueueLimits { WriteCache = cache2, Fua = fua2 };
        foreach (QueueLimits stacked in new[] { a.Stack(b), b.Stack(a) })
        {
            stacked.WriteCache.ShouldBe(cache);
            stacked.Fua.ShouldBe(fua);
        }
    }

    [Fact]
    public void Whatever_was_stacked_can_be_served_by_each()
    {
        var random = new LoopRandom(11);
        for (int i = 0; i < 2000; i++)
        {
            QueueLimits a = Random(random);
            QueueLimits b = Random(random);
            QueueLimits stacked = a.Stack(b).Stack(Random(random));
            stacked.Exceeds(stacked).ShouldBeNull();
            stacked.Exceeds(a).ShouldBeNull();
            stacked.Exceeds(b).ShouldBeNull();
        }
    }

    [Fact]
    public void Each_limit_that_falls_short_has_its_reason()
    {
        var above = new QueueLimits
        {
            MaxBytes = 64 * Kib, MaxSegments = 16, BoundaryBytes = 0, LogicalBlockSize = 512,
            MaxDiscardBytes = 1 << 20, MaxWriteZeroesBytes = 1 << 20, WriteCache = true, Fua = true,
            Extents = true,
        };
        above.Exceeds(above).ShouldBeNull();
        above.Exceeds(above with { ReadOnly = true })!.ShouldContain("read-only");
        above.Exceeds(above with { Fua = false })!.ShouldContain("FUA");
        above.Exceeds(above with { WriteCache = false, Fua = false }).ShouldBeNull();
        (above with { WriteCache = false }).Exceeds(above)!.ShouldContain("write cache");
        above.Exceeds(above with { LogicalBlockSize = 4096 })!.ShouldContain("4096");
        above.Exceeds(above with { MaxBytes = 32 * Kib })!.ShouldContain("32768 bytes");
        above.Exceeds(above with { MaxSegments = 8 })!.ShouldContain("segments");
        above.Exceeds(above with { BoundaryBytes = 64 * Kib })!.ShouldContain("65536");
        above.Exceeds(above with { MaxDiscardBytes = 0 })!.ShouldContain("trim");
        above.Exceeds(above with { MaxWriteZeroesBytes = 0 })!.ShouldContain("write-zeroes");
        above.Exceeds(above with { Extents = false })!.ShouldContain("extents");
    }

    [Fact]
    public void A_border_may_become_coarser_but_not_finer()
    {
        var above = new QueueLimits { BoundaryBytes = 64 * Kib };
        above.Exceeds(above with { BoundaryBytes = 128 * Kib }).ShouldBeNull();
        above.Exceeds(above with { BoundaryBytes = 0 }).ShouldBeNull();
        above.Exceeds(above with { BoundaryBytes = 96 * Kib }).ShouldNotBeNull();
        above.Exceeds(above with { BoundaryBytes = 32 * Kib }).ShouldNotBeNull();
    }

    private static QueueLimits Random(LoopRandom random) => new()
    {
        MaxBytes = 4096 << (int)random.Next(8),
        MaxSegments = 1 << (int)random.Next(8),
        BoundaryBytes = random.Chance(500) ? 0 : 3 * Kib * random.Next(64),
        LogicalBlockSize = 512 << (int)random.Next(4),
        MaxDiscardBytes = random.Next(3) * 4096,
        MaxWriteZeroesBytes = random.Next(3) * 4096,
        WriteCache = random.Chance(500),
        Fua = random.Chance(500),
        ReadOnly = random.Chance(200),
        Extents = random.Chance(500),
    };
}
