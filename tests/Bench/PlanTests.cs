// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

public sealed class PlanTests
{
    [Fact]
    public void The_quick_set_has_five_cells() => CellSets.Quick.Count.ShouldBe(5);

    [Fact]
    public void The_product_has_every_combination_once()
    {
        CellSets.Product.Count.ShouldBe(7 * 5 * 2 * 3 * 2);
        CellSets.Product.Select(cell => cell.Name).ShouldBeUnique();
    }

    [Fact]
    public void Every_set_is_part_of_the_product()
    {
        foreach (IReadOnlyList<Cell> set in CellSets.ByName.Values)
        {
            set.ShouldBeSubsetOf(CellSets.Product);
            set.ShouldBeUnique();
        }
    }

    [Fact]
    public void A_name_says_what_is_not_ordinary()
    {
        new Cell(Workload.LargeRead, 8).Name.ShouldBe("read-128k-d8");
        new Cell(Workload.RandomRead, 1) { Connections = 4, Paths = 1, Transport = Transport.Tcp }
            .Name.ShouldBe("randread-4k-d1-c4-p1-tcp");
    }

    [Fact]
    public void Patterns_select_from_the_product()
    {
        CellSets.Select(["randread-4k-d32", "*-128k-d16"]).Select(cell => cell.Name)
            .ShouldBe(["randread-4k-d32", "read-128k-d16", "write-128k-d16"]);
        Should.Throw<BenchException>(() => CellSets.Select(["randread-4k-d33"]))
            .Message.ShouldContain("'randread-4k-d33'");
    }

    [Fact]
    public void Everybody_stands_in_every_place_as_often()
    {
        string[] contenders = ["a", "b", "c", "d"];
        IEnumerable<string[]> orders =
            Enumerable.Range(0, 8).Select(turn => RunOrder.Of(contenders, turn).ToArray());
        foreach (string contender in contenders)
        {
            orders.Select(order => Array.IndexOf(order, contender)).Order()
                .ShouldBe([0, 0, 1, 1, 2, 2, 3, 3]);
        }
    }

    [Fact]
    public void Neighbours_change_from_turn_to_turn()
    {
        string[] contenders = ["a", "b", "c", "d"];
        RunOrder.Of(contenders, 2).ShouldBe(["b", "c", "d", "a"]);
        RunOrder.Of(contenders, 3).ShouldBe(["b", "a", "d", "c"]);
    }

    [Theory]
    [InlineData("16M", 16L << 20)]
    [InlineData("1g", 1L << 30)]
    [InlineData("4096", 4096)]
    public void A_size_is_read(string text, long bytes)
    {
        SizeText.TryParse(text, out long size).ShouldBeTrue();
        size.ShouldBe(bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("-1M")]
    [InlineData("1.5G")]
    [InlineData("9999999999G")]
    public void What_is_no_size_is_refused(string text) =>
        SizeText.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData(1L << 30, "1G")]
    [InlineData(128L << 10, "128K")]
    [InlineData(1000, "1000")]
    public void A_size_is_written(long bytes, string text) => SizeText.Write(bytes).ShouldBe(text);
}
