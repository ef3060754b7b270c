// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

namespace Braid.Tests.Unit.Mapper;

public sealed class TableWordsTests
{
    [Theory]
    [InlineData("0", true, 0)]
    [InlineData("01", true, 1)]
    [InlineData("4294967295", true, 4294967295)]
    [InlineData("4294967296", true, 0)]
    [InlineData("4294967297", true, 1)]
    [InlineData("99999999999999999999999", true, 4135583743)]
    [InlineData("-1", false, 0)]
    [InlineData("+0", false, 0)]
    [InlineData("0x0", false, 0)]
    [InlineData("1x", false, 0)]
    [InlineData("", false, 0)]
    [InlineData("\u0661", false, 0)]
    public void A_number_is_read_as_the_kernel_does(string word, bool isNumber, uint expected)
    {
        TableWords.TryNumber(word, out uint number).ShouldBe(isNumber);
        if (isNumber) number.ShouldBe(expected);
    }

    [Fact]
    public void Words_are_taken_one_by_one()
    {
        var words = new TableWords("  a b\t c ");
        words.Where.ShouldBe("the start");
        words.Left.ShouldBe(3);
        words.Take("x").ShouldBe("a");
        words.Where.ShouldBe("word 1 'a'");
        words.Take("x").ShouldBe("b");
        words.Take("x").ShouldBe("c");
        words.Left.ShouldBe(0);
        Should.Throw<TableException>(() => words.Take("the fourth")).Message
            .ShouldBe("the fourth is missing, at the end");
    }

    [Theory]
    [InlineData("5", "")]
    [InlineData("4", "n must be 5 to 7, at word 1 '4'")]
    [InlineData("8", "n must be 5 to 7, at word 1 '8'")]
    [InlineData("x", "n must be a number, at word 1 'x'")]
    public void A_number_has_its_range(string word, string error)
    {
        var words = new TableWords(word);
        if (error.Length == 0) words.TakeNumber("n", 5, 7).ShouldBe(5u);
        else Should.Throw<TableException>(() => words.TakeNumber("n", 5, 7))
            .Message.ShouldBe(error);
    }

    [Theory]
    [InlineData("2 a b", true)]
    [InlineData("2 a", false)]
    [InlineData("9 a b c d e f g h i", false)]
    [InlineData("0", true)]
    public void A_count_is_not_more_than_the_words_that_follow(string line, bool isGood)
    {
        var words = new TableWords(line);
        if (isGood) words.TakeCount("n", 8).ShouldBe(line.Split(' ').Length - 1);
        else Should.Throw<TableException>(() => words.TakeCount("n", 8));
    }
}
