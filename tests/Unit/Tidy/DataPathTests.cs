// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

public sealed class DataPathTests
{
    [Theory]
    [InlineData("async void F() { }", "async")]
    [InlineData("void F() { async void G() { } }", "async")]
    [InlineData("void F() { await G(); }", "await")]
    [InlineData("void F() { lock (this) { } }", "lock")]
    [InlineData("Task F() => null;", "Task")]
    [InlineData("ValueTask<int> F() => default;", "ValueTask")]
    [InlineData("void F() { Task.Run(G); }", "Task")]
    [InlineData("Lock _lock;", "Lock")]
    [InlineData("void F() { Monitor.Enter(this); }", "Monitor")]
    [InlineData("IEnumerable<int> F() { yield return 1; }", "an iterator")]
    [InlineData("object F(int[] a) => from x in a select x;", "a LINQ query")]
    [InlineData("void F() => Post(() => G(1));", "a lambda, not static,")]
    [InlineData("void F() { Post(delegate { }); }", "a lambda, not static,")]
    [InlineData("Action P => x => x.G();", "a lambda, not static,")]
    public void What_waits_or_captures_is_found(string member, string what) =>
        DataPath.CheckSyntax(Snippet(member)).Select(breach => breach.Rule)
            .ShouldContain(what + " on the data path");

    [Theory]
    [InlineData("void F() => Post(static state => state.G());")]
    [InlineData("C() { _end = request => End(request); }")]
    [InlineData("void Dispose() { Post(() => _stopping = true); }")]
    [InlineData("Action _a = () => G();")]
    [InlineData("TurnTask Task { get; }  void F() { this.Task.Run(); }")]
    public void What_does_neither_is_not(string member) =>
        DataPath.CheckSyntax(Snippet(member)).ShouldBeEmpty();

    [Fact]
    public void A_call_of_LINQ_is_found()
    {
        SourceFile file = Snippet("int F(int[] a) =>\n a.Where(static x => x > 1).Count();");
        DataPath.CheckLinq(file, DataPath.Compile([file])).Select(breach => breach.Rule)
            .ShouldBe(["LINQ's Count on the data path", "LINQ's Where on the data path"]);
    }

    [Fact]
    public void A_method_of_ours_with_a_name_of_LINQs_is_not()
    {
        SourceFile file = Snippet("int Count() => 1; int F(C c) => c.Count() + Math.Max(1, 2);");
        DataPath.CheckLinq(file, DataPath.Compile([file])).ShouldBeEmpty();
    }

    [Fact]
    public void An_entry_that_matches_no_file_is_found()
    {
        DataPath.CheckEntries([]).Count().ShouldBe(DataPath.Entries.Length);
        DataPath.CheckEntries([new SourceFile("src/Engine/Block/Queue/Any.cs", "")]).Count()
            .ShouldBe(DataPath.Entries.Length - 1);
    }

    private static SourceFile Snippet(string member) => new("src/A.cs", $"class C {{ {member} }}");
}
