// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

public sealed class MachineTests
{
    [Theory]
    [InlineData("[DllImport(\"c\")] static extern int F();", "DllImport")]
    [InlineData("[LibraryImport(\"c\")] static partial int F();", "LibraryImport")]
    [InlineData("long F() => Stopwatch.GetTimestamp();", "Stopwatch")]
    [InlineData("long F() => System.Diagnostics.Stopwatch.GetTimestamp();", "Stopwatch")]
    [InlineData("DateTime F() => DateTime.Now;", "DateTime.Now")]
    [InlineData("DateTime F() => DateTime.UtcNow.AddDays(1);", "DateTime.UtcNow")]
    [InlineData("void F() { Thread.Sleep(1); }", "Thread.Sleep")]
    [InlineData("void F() { await Task.Delay(1); }", "Task.Delay")]
    [InlineData("int F() => Random.Shared.Next();", "Random.Shared")]
    [InlineData("object F() => new System.Random(1);", "new Random")]
    public void A_use_of_the_machine_outside_Io_is_found(string member, string what)
    {
        string text = $"partial class C {{\n{member} }}";
        Machine.Check(new SourceFile("src/Daemon/A.cs", text)).ShouldHaveSingleItem().ToString()
            .ShouldBe($"src/Daemon/A.cs:2: {what} outside src/Io");
        Machine.Check(new SourceFile("src/Io/Loop/A.cs", text)).ShouldBeEmpty();
    }

    [Fact]
    public void The_loops_own_clock_and_chance_are_not() =>
        Machine.Check(new SourceFile("src/Daemon/A.cs", """
            class C { long F(IoLoop loop) => loop.NowNs + loop.Random.Next(3); DateTime _since;
                long G(TimeProvider clock) => clock.GetTimestamp(); }
            """)).ShouldBeEmpty();
}
