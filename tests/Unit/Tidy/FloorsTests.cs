// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

public sealed class FloorsTests
{
    [Fact]
    public void A_source_file_on_no_floor_is_found() =>
        Floors.CheckPlace(new SourceFile("src/Engine/Extra/A.cs", "")).ShouldHaveSingleItem();

    [Fact]
    public void A_source_file_beside_the_floors_is_found() =>
        Floors.CheckPlace(new SourceFile("src/Transports/A.cs", "")).ShouldHaveSingleItem();

    [Theory]
    [InlineData("src/Wire/W.csproj", "../Io/Braid.Io.csproj")]
    [InlineData("src/Engine/Block/B.csproj", "../Mapper/Braid.Mapper.csproj")]
    [InlineData("src/Engine/Multipath/M.csproj", "../../Transports/Nbd/N.csproj")]
    [InlineData("src/Transports/Nbd/N.csproj", @"..\Iscsi\I.csproj")]
    [InlineData("src/Exports/Nbd/N.csproj", "../../Engine/Mapper/M.csproj")]
    [InlineData("src/Daemon/D.csproj", "../Cli/Braid.Cli.csproj")]
    [InlineData("src/Io/I.csproj", "../../tests/Unit/U.csproj")]
    public void A_reference_to_a_floor_that_is_out_of_bounds_is_found(string path, string target)
    {
        var project = new SourceFile(path, $"""
            <Project>
              <ItemGroup><ProjectReference Include="{target}" /></ItemGroup>
            </Project>
            """);
        Breach breach = Floors.CheckProject(project).ShouldHaveSingleItem();
        breach.ToString().ShouldStartWith($"{path}:2: src/");
    }

    [Theory]
    [InlineData("src/Engine/Block/A.cs", "using Braid.Mapper;")]
    [InlineData("src/Engine/Multipath/A.cs", "using static Braid.Wire.Nbd.NbdConstants;")]
    [InlineData("src/Transports/Nbd/A.cs", "using X = Braid.Transports.Iscsi.X;")]
    [InlineData("src/Exports/Nbd/A.cs", "class C : Braid.Mapper.ITarget;")]
    [InlineData("src/Io/A.cs", "class C { int F() => global::Braid.Block.Bio.Count(1); }")]
    [InlineData("src/Wire/A.cs", "class C { Braid.Io.iovec[] _vectors; }")]
    public void A_name_of_a_floor_that_is_out_of_bounds_is_found(string path, string text)
    {
        Breach breach = Floors.CheckNames(new SourceFile(path, text)).ShouldHaveSingleItem();
        breach.Rule.ShouldContain(" may not use Braid.");
    }

    [Theory]
    [InlineData("src/Engine/Mapper/A.cs", "using Braid.Block; using Braid.Io;")]
    [InlineData("src/Transports/Nbd/A.cs", "using Braid.Multipath; using Braid.Wire.Nbd;")]
    [InlineData("src/Transports/Nbd/A.cs", "namespace Braid.Transports.Nbd.Inner;")]
    [InlineData("src/Cli/A.cs", "using Braid.Daemon; using System.Text; using Some.Braid.Mapper;")]
    public void A_name_within_bounds_is_not(string path, string text) =>
        Floors.CheckNames(new SourceFile(path, text)).ShouldBeEmpty();

    [Fact]
    public void A_file_in_the_namespace_of_another_floor_is_found()
    {
        var file = new SourceFile("src/Engine/Mapper/A.cs", "namespace Braid.Block;");
        Floors.CheckNames(file).ShouldHaveSingleItem().Rule.ShouldContain("holds no namespace");
    }

    [Fact]
    public void What_a_floor_may_use_may_use_no_more_than_it()
    {
        foreach (Floor floor in Floors.Table)
            foreach (Floor used in Floors.Table.Where(used => floor.MayUse.Contains(used.Folder)))
                used.MayUse.ShouldBeSubsetOf(floor.MayUse.Append("Engine/Block"));
    }
}
