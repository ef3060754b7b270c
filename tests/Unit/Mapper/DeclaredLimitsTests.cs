// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>What a map promises of paths that it does not know yet, or that do not fit.</summary>
public sealed class DeclaredLimitsTests
{
    private const string Table = "0 16 multipath 0 0 1 1 round-robin 0 2 0 a b";

    private readonly Bench _bench = new();

    [Fact]
    public void Paths_with_no_request_that_both_take_do_not_go_together()
    {
        _bench.Add("a", limits: new QueueLimits { MaxBytes = 4096 });
        _bench.Add("b", limits: new QueueLimits { LogicalBlockSize = 8192 });
        Should.Throw<TableException>(() => _bench.Map(Table)).Message.ShouldBe(
            "a takes only 4096 bytes in a request, less than the block size 8192 of b");
    }

    [Fact]
    public void Nor_does_a_path_go_with_what_was_declared()
    {
        _bench.Add("a", limits: new QueueLimits { MaxBytes = 4096 });
        _bench.Add("b");
        var options = new QueueOptions { Declared = QueueLimits.AtMost(8192, 32 << 20) };
        Should.Throw<TableException>(() => _bench.Map(Table, options)).Message.ShouldBe(
            "a takes only 4096 bytes in a request, less than the block size 8192 of what was "
            + "declared");
    }

    [Fact]
    public void Without_a_known_path_a_map_promises_what_was_declared()
    {
        TestDevice path = AddUnknown();
        var options = new QueueOptions { Declared = QueueLimits.AtMost(4096, 64 << 10) };
        MappedDevice map = _bench.Map(Table, options);
        (map.Limits.LogicalBlockSize, map.Limits.MaxBytes).ShouldBe((4096, 64 << 10));
        path.Promise([map.Limits], 8192);
        path.ReachedWith(8192, Modest).ShouldBeTrue(path.Problem);
    }

    [Fact]
    public void A_path_that_can_do_less_is_refused_with_the_words_that_would_have_helped()
    {
        TestDevice path = AddUnknown();
        path.Promise([_bench.Map(Table).Limits], 8192);
        path.ReachedWith(8192, Modest).ShouldBeFalse();
        path.Problem.ShouldBe(
            "it can do less than others: its block size is 4096, not 512; "
            + "start with --min-block 4096 --max-request 65536");
        path.ReachedWith(8192, Modest with { ReadOnly = true }).ShouldBeFalse();
        path.Problem.ShouldBe("it can do less than others: it is read-only");
    }

    [Fact]
    public void What_was_declared_leaves_the_rest_as_it_is()
    {
        var limits = new QueueLimits
        {
            WriteCache = true, Extents = true, MaxDiscardBytes = 7, MaxWriteZeroesBytes = 8,
        };
        limits.Stack(QueueLimits.AtMost(1, long.MaxValue)).ShouldBe(limits);
    }

    private static QueueLimits Modest => new()
    {
        LogicalBlockSize = 4096, MaxBytes = 64 << 10, WriteCache = true,
    };

    private TestDevice AddUnknown()
    {
        var path = new TestDevice(_bench.Loop, "a", start: false);
        _bench.Add(path);
        _bench.Add(new TestDevice(_bench.Loop, "b", start: false));
        return path;
    }
}
