// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

public sealed class WordsTests
{
    [Theory]
    [InlineData("src/A.cs")]
    [InlineData("scripts/a.sh")]
    [InlineData(".ci/run")]
    public void A_note_to_self_is_found(string path)
    {
        foreach (string note in new[] { "TO" + "DO", "FIX" + "ME", "HA" + "CK" })
            Words.CheckNotes(new SourceFile(path, $"\n# {note}: later")).ShouldHaveSingleItem()
                .Line.ShouldBe(2);
    }

    [Fact]
    public void Words_that_hold_one_are_not_notes() =>
        Words.CheckNotes(new SourceFile("src/A.cs", "// HA" + "CKNEY")).ShouldBeEmpty();

    [Fact]
    public void A_region_is_found() =>
        Words.CheckRegions(new SourceFile("src/A.cs", "class C {\n  #region X\n  #endregion\n}"))
            .ShouldHaveSingleItem().Line.ShouldBe(2);
}
