// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Tidy;

/// <summary>The house rules, over all files of the project. A failure names the places.</summary>
[Collection(StartsProcesses.Name)]
public sealed class TidyTests
{
    [Fact]
    public void Every_source_file_is_on_a_floor() => Each(Floors.CheckPlace);

    [Fact]
    public void A_project_references_what_its_floor_may_use() => Each(Floors.CheckProject);

    [Fact]
    public void A_file_names_what_its_floor_may_use() => Each(Floors.CheckNames);

    [Fact]
    public void Every_file_starts_with_its_licence() => Each(Numbers.CheckLicence);

    [Fact]
    public void No_file_is_over_600_lines() => Each(Numbers.CheckFile);

    [Fact]
    public void No_line_is_over_100_columns() => Each(Numbers.CheckColumns);

    [Fact]
    public void No_function_is_over_70_lines() => Each(Numbers.CheckFunctions);

    [Fact]
    public void No_type_has_over_20_fields() => None(Numbers.CheckFields(Repository.Files));

    [Fact]
    public void No_note_to_self_is_left() => Each(Words.CheckNotes);

    [Fact]
    public void No_code_is_folded_in_a_region() => Each(Words.CheckRegions);

    [Fact]
    public void The_data_path_list_is_true() => None(DataPath.CheckEntries(Repository.Files));

    [Fact]
    public void The_data_path_waits_for_nothing_and_captures_nothing() =>
        None(DataPathFiles.SelectMany(DataPath.CheckSyntax));

    [Fact]
    public void The_data_path_calls_no_LINQ()
    {
        var program = DataPath.Compile(Repository.CSharp.Where(file => file.IsUnder("src")));
        None(DataPathFiles.SelectMany(file => DataPath.CheckLinq(file, program)));
    }

    [Fact]
    public void Native_calls_time_and_chance_are_in_Io_alone() => Each(Machine.Check);

    [Fact]
    public void Every_exception_to_that_is_still_used() =>
        None(Machine.CheckExceptions(Repository.Files));

    [Fact]
    public void Every_link_of_a_page_leads_to_a_file() =>
        Each(file => Links.Check(file, Links.Exists));

    [Fact]
    public void No_command_of_a_page_breaks_its_line_within_single_quotes() =>
        Each(static file => Links.CheckQuotes(file));

    [Fact]
    public void What_a_page_names_is_there() =>
        Each(file => Mentions.Check(file, Links.Exists, Mentions.IsTest));

    [Fact]
    public void No_file_names_a_place_of_one_machine() =>
        Each(file => Places.Check(file, Repository.Root));

    private static IEnumerable<SourceFile> DataPathFiles =>
        from file in Repository.Files
        where DataPath.Entries.Any(entry => DataPath.Covers(entry, file))
        select file;

    private static void Each(
        Func<SourceFile, IEnumerable<Breach>> rule, [CallerMemberName] string test = "") =>
        None(Repository.Files.SelectMany(rule), test);

    private static void None(IEnumerable<Breach> breaches, [CallerMemberName] string test = "")
    {
        string found = Ratchet.Judge(test, breaches, Ratchet.Known);
        if (found.Length > 0) Assert.Fail(found);
    }
}
