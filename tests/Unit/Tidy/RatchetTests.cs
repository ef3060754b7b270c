// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

public sealed class RatchetTests
{
    private static readonly KnownBreach[] Known = [new("Test", "src/A.cs", "A has 22 fields")];

    [Fact]
    public void A_known_breach_passes_on_any_line() =>
        Ratchet.Judge("Test", [new Breach("src/A.cs", 7, "A has 22 fields")], Known)
            .ShouldBeEmpty();

    [Fact]
    public void A_known_breach_that_grew_is_a_new_one() =>
        Ratchet.Judge("Test", [new Breach("src/A.cs", 7, "A has 23 fields")], Known)
            .ShouldContain("src/A.cs:7: A has 23 fields");

    [Fact]
    public void A_known_breach_that_is_gone_has_to_go_from_the_list() =>
        Ratchet.Judge("Test", [], Known).ShouldContain("is gone");

    [Fact]
    public void A_known_breach_allows_no_second_one()
    {
        var breach = new Breach("src/A.cs", 7, "A has 22 fields");
        Ratchet.Judge("Test", [breach, breach with { Line = 9 }], Known)
            .ShouldBe("src/A.cs:9: A has 22 fields");
    }

    [Fact]
    public void Every_entry_names_a_test()
    {
        foreach (KnownBreach known in Ratchet.Known)
            typeof(TidyTests).GetMethod(known.Test).ShouldNotBeNull();
    }
}
