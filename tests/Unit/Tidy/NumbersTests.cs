// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

public sealed class NumbersTests
{
    [Fact]
    public void A_file_without_its_licence_is_found() =>
        Numbers.CheckLicence(new SourceFile("src/A.cs", "namespace A;\n")).ShouldHaveSingleItem();

    [Fact]
    public void A_file_over_600_lines_is_found()
    {
        const string End = "// End.\n";
        Numbers.CheckFile(Snippet(Lines(600) + End)).ShouldBeEmpty();
        Numbers.CheckFile(Snippet(Lines(601) + End)).ShouldHaveSingleItem().Line.ShouldBe(601);
    }

    [Fact]
    public void A_line_over_100_columns_is_found()
    {
        Numbers.CheckColumns(Snippet(new string('é', 100))).ShouldBeEmpty();
        Numbers.CheckColumns(Snippet("\n" + new string('é', 101))).ShouldHaveSingleItem()
            .Line.ShouldBe(2);
    }

    [Fact]
    public void A_script_is_held_to_the_columns_too()
    {
        var script = new SourceFile("tool", "#!/bin/sh\n" + new string('a', 101));
        Numbers.CheckColumns(script).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("void F() {", "}")]
    [InlineData("C() {", "}")]
    [InlineData("int P { get {", "} }")]
    [InlineData("int P =>", "0;")]
    [InlineData("int this[int i] =>", "0;")]
    [InlineData("static C operator +(C a, C b) {", "}")]
    [InlineData("Action _a = () => {", "};")]
    public void A_function_over_70_lines_is_found(string head, string tail)
    {
        Numbers.CheckFunctions(Snippet($"class C {{\n{head}{Lines(70)}{tail}\n}}")).ShouldBeEmpty();
        Breach breach = Numbers.CheckFunctions(
            Snippet($"class C {{\n{head}{Lines(71)}{tail}\n}}")).ShouldHaveSingleItem();
        breach.ToString().ShouldBe("src/A.cs:2: a function of 71 lines");
    }

    [Fact]
    public void A_functions_comment_and_attributes_are_not_its_lines()
    {
        string head = $"/// <summary>{Lines(3)}</summary>\n[A,\nB]\n[C]\n";
        string comment = head.Replace("\n\n", "\n/// \n", StringComparison.Ordinal);
        Numbers.CheckFunctions(Snippet($"class C {{ {comment}void F() {{{Lines(70)}}} }}"))
            .ShouldBeEmpty();
    }

    [Fact]
    public void A_local_function_counts_for_both() =>
        Numbers.CheckFunctions(Snippet($"class C {{ void F() {{ void G() {{{Lines(71)}}} }} }}"))
            .Count().ShouldBe(2);

    [Fact]
    public void Top_level_statements_over_70_lines_are_found()
    {
        string statements = string.Concat(Enumerable.Repeat("F();\n", 71));
        Numbers.CheckFunctions(Snippet(statements)).ShouldHaveSingleItem();
    }

    [Fact]
    public void A_type_with_over_20_fields_is_found() =>
        FieldsFound("class C { int " + Names(21) + "; }").ShouldBe("C has 21 instance fields");

    [Fact]
    public void Twenty_fields_are_allowed() =>
        FieldsFound("class C { int " + Names(20) + "; static int s; const int K = 1; }")
            .ShouldBeEmpty();

    [Theory]
    [InlineData("public int P { get; set; }")]
    [InlineData("public int P { get; }")]
    [InlineData("public int P { get => field; set => field = value; }")]
    [InlineData("public event Action E;")]
    public void What_has_a_field_behind_it_is_counted(string member) =>
        FieldsFound("class C { int " + Names(20) + "; " + member + " }").ShouldNotBeEmpty();

    [Theory]
    [InlineData("public int P => 1;")]
    [InlineData("public int P { get { return 1; } }")]
    [InlineData("public abstract int P { get; }")]
    [InlineData("public static int P { get; }")]
    public void What_has_none_is_not(string member) =>
        FieldsFound("class C { int " + Names(20) + "; " + member + " }").ShouldBeEmpty();

    [Fact]
    public void The_parts_of_a_partial_type_are_added_up()
    {
        var one = new SourceFile("src/Io/A.cs", "partial class C { int " + Names(20) + "; }");
        var two = new SourceFile("src/Io/B/B.cs", "partial class C { int other; }");
        Numbers.CheckFields([one, two]).ShouldHaveSingleItem().Path.ShouldBe("src/Io/A.cs");
    }

    [Fact]
    public void Types_of_one_name_in_two_assemblies_are_two()
    {
        var one = new SourceFile("src/Io/A.cs", "class C { int " + Names(20) + "; }");
        var two = new SourceFile("src/Engine/Block/A.cs", "class C { int other; }");
        Numbers.CheckFields([one, two]).ShouldBeEmpty();
    }

    [Fact]
    public void The_layouts_of_others_have_the_fields_they_have()
    {
        var file = new SourceFile("src/Io/Abi/A.cs", "struct S { int " + Names(40) + "; }");
        Numbers.CheckFields([file]).ShouldBeEmpty();
    }

    private static SourceFile Snippet(string text) => new("src/A.cs", text);

    /// <summary>What makes a text that many lines long.</summary>
    private static string Lines(int count) => new('\n', count - 1);

    private static string Names(int count) =>
        string.Join(", ", Enumerable.Range(0, count).Select(i => $"f{i}"));

    private static string FieldsFound(string text) =>
        string.Join('\n', Numbers.CheckFields([Snippet(text)]).Select(breach => breach.Rule));
}
