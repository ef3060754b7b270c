// SPDX-License-Identifier: Apache-2.0
using Braid.Scenario;

namespace Braid.Tests.Conformance;

/// <summary>The windows of a sequential reader, as a kernel's request sizes show them.</summary>
public sealed class ReadaheadTests
{
    private readonly Readahead _ahead = new();

    [Fact]
    public void A_reader_from_the_start_gets_windows_that_double_up_to_the_largest()
    {
        _ahead.Next(0, 1).ShouldBe(new ReadWindow(0, 4, 1));
        _ahead.Previous = 1;
        _ahead.Next(1, 1).ShouldBe(new ReadWindow(4, 8, 4));
        _ahead.Next(4, 1).ShouldBe(new ReadWindow(12, 16, 12));
        _ahead.Next(12, 1).ShouldBe(new ReadWindow(28, 32, 28));
        _ahead.Next(28, 1).ShouldBe(new ReadWindow(60, 32, 60));
    }

    [Fact]
    public void A_read_in_the_middle_brings_itself_and_the_next_one_begins_a_window()
    {
        _ahead.Next(1024, 2).ShouldBe(new ReadWindow(1024, 2, -1));
        _ahead.Previous = 1026;
        _ahead.Next(1026, 2).ShouldBe(new ReadWindow(1026, 4, 1028));
    }

    [Fact]
    public void A_read_of_the_largest_window_asks_for_the_next_half_way()
    {
        _ahead.Next(0, 32).ShouldBe(new ReadWindow(0, 32, 16));
        _ahead.Next(16, 16).ShouldBe(new ReadWindow(32, 32, 32));
    }
}
