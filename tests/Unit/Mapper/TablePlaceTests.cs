// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>Where targets may begin and end.</summary>
public sealed class TablePlaceTests
{
    private readonly Bench _bench = new();

    public TablePlaceTests()
    {
        _bench.Add("a");
        _bench.Add("k", limits: new QueueLimits { LogicalBlockSize = 4096 });
    }

    [Theory]
    [InlineData("0 8 linear a 0\n8 8 linear k 0")]
    [InlineData("0 4 linear a 0\n4 4 linear a 8\n8 8 linear k 0")]
    [InlineData("0 8 linear a 3\n8 8 linear k 8")]
    [InlineData("0 4 error\n4 12 linear a 0\n16 8 linear k 0")]
    public void Whole_blocks_load(string table) => _bench.Map(table).Table.ShouldNotBeNull();

    [Theory]
    [InlineData("0 8 linear k 0\n8 4 linear a 0", "the end is not aligned to the block size 4096")]
    [InlineData("0 12 linear a 0\n12 8 linear k 0",
        "the target at 12 is not aligned to its block size")]
    [InlineData("0 4 error\n4 8 linear k 0", "the target at 4 is not aligned to its block size")]
    [InlineData("0 8 delay k 0 0 a 3 0",
        "start=3, len=8 of a is not aligned to the block size 4096")]
    [InlineData("0 8 linear k 4", "start=4, len=8 of k is not aligned to the block size 4096")]
    public void Parts_of_blocks_do_not(string table, string problem) =>
        Should.Throw<TableException>(() => _bench.Map(table)).Message.ShouldBe(problem);
}
