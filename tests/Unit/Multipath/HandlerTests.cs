// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// The hardware handler of a table: which one the paths get, which one is kept, and what is
/// printed.
/// </summary>
public sealed class HandlerTests
{
    private const string Retain = "1 retain_attached_hw_handler";
    private const string BioMode = "2 queue_mode bio";

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;

    public HandlerTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
        _a.Handlers = _b.Handlers = ["alua", "emc"];
    }

    [Fact]
    public void Every_path_gets_the_handler_and_its_words()
    {
        MappedDevice map = Map("0", "2 alua 1");
        (_a.Handler!.Name, _b.Handler!.Name).ShouldBe(("alua", "alua"));
        (_a.Handler.Parameters, _b.Handler.Parameters).ShouldBe(("1", "1"));
        Printed(map).ShouldStartWith("0 1 alua 1 1 ");
    }

    [Fact]
    public void A_handler_without_words_is_given_none()
    {
        Map("0", "1 alua");
        _a.Handler!.Parameters.ShouldBeNull();
    }

    [Fact]
    public void Without_a_handler_none_is_attached()
    {
        MappedDevice map = Map("0", "0");
        _a.Handler.ShouldBeNull();
        map.Multipath().Handler.ShouldBeNull();
        Printed(map).ShouldStartWith("0 0 1 1 ");
    }

    [Fact]
    public void A_device_that_takes_no_handler_cannot_be_a_path_with_one()
    {
        _b.Handlers = null;
        Problem("0", "1 alua").ShouldBe(
            "error attaching hardware handler: the device takes no hardware handler, "
            + "at word 15 'b'");
    }

    [Fact]
    public void An_unknown_handler_is_refused() =>
        Problem("0", "1 rdac").ShouldBe(
            "error attaching hardware handler: unknown hardware handler 'rdac', at word 13 'a'");

    [Fact]
    public void Words_that_the_handler_does_not_take_are_refused() =>
        Problem("0", "2 alua bad").ShouldBe(
            "error attaching hardware handler: alua takes no bad words, at word 14 'a'");

    [Theory]
    [InlineData("1025 alua", "the number of hardware handler words must be 0 to 1024, "
        + "at word 5 '1025'")]
    [InlineData("999 alua", "the number of hardware handler words exceeds the words that follow, "
        + "at word 5 '999'")]
    [InlineData("x", "the number of hardware handler words must be a number, at word 5 'x'")]
    public void The_number_of_words_is_checked(string handler, string error) =>
        Problem("0", handler).ShouldBe(error);

    /// <summary>The device has alua already.</summary>
    [Theory]
    [InlineData("0", "0", "0 0 1 1 ", null)]
    [InlineData("0", "1 alua", "0 1 alua 1 1 ", null)]
    [InlineData("0", "2 alua 1", "0 1 alua 1 1 ", "1")]
    [InlineData("0", "1 emc", "0 1 alua 1 1 ", null)]
    [InlineData("0", "2 emc x", "0 1 alua 1 1 ", null)]
    [InlineData(Retain, "0", "1 retain_attached_hw_handler 1 alua 1 1 ", null)]
    [InlineData(Retain, "1 emc", "1 retain_attached_hw_handler 1 alua 1 1 ", null)]
    [InlineData(Retain, "2 emc x", "1 retain_attached_hw_handler 1 alua 1 1 ", null)]
    [InlineData(Retain, "2 alua 1", "1 retain_attached_hw_handler 1 alua 1 1 ", "1")]
    [InlineData(BioMode, "0",
        "3 retain_attached_hw_handler queue_mode bio 1 alua 1 1 ", null)]
    [InlineData(BioMode, "2 emc x",
        "3 retain_attached_hw_handler queue_mode bio 1 alua 1 1 ", null)]
    public void A_handler_that_a_device_has_stays_and_is_the_maps(
        string features, string handler, string printed, string? parameters)
    {
        TestHandler attached = _a.Handler = new TestHandler("alua");
        _b.Handler = new TestHandler("alua");
        MappedDevice map = Map(features, handler);
        Printed(map).ShouldStartWith(printed);
        _a.Handler.ShouldBeSameAs(attached);
        attached.Parameters.ShouldBe(parameters);
    }

    [Fact]
    public void The_handler_of_one_path_is_asked_of_the_others()
    {
        _a.Handler = new TestHandler("alua");
        MappedDevice map = Map(Retain, "0");
        _b.Handler!.Name.ShouldBe("alua");
        map.Multipath().Handler!.Name.ShouldBe("alua");
    }

    [Fact]
    public void Retaining_means_nothing_where_no_handler_is_attached()
    {
        MappedDevice map = Map(Retain, "2 emc x");
        (_a.Handler!.Name, _a.Handler.Parameters).ShouldBe(("emc", "x"));
        Printed(map).ShouldStartWith("1 retain_attached_hw_handler 1 emc 1 1 ");
    }

    private MappedDevice Map(string features, string handler) => _bench.Map(
        $"0 2048 multipath {features} {handler} 1 1 round-robin 0 2 1 a 1 b 1");

    private string Problem(string features, string handler) =>
        Should.Throw<TableException>(() => Map(features, handler)).Message;

    private static string Printed(MappedDevice map) =>
        map.Table!.Describe()["0 2048 multipath ".Length..];
}
