// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>The path selectors by themselves.</summary>
public sealed class SelectorTests
{
    private readonly List<string> _log = [];
    private readonly SimulatedLoop _loop = new(1);
    private readonly List<PgPath> _paths = [];
    private IPathSelector _selector = null!;

    [Theory]
    [InlineData("round-robin", 1)]
    [InlineData("round-robin", 2)]
    [InlineData("queue-length", 3)]
    [InlineData("queue-length", 4)]
    [InlineData("service-time", 5)]
    [InlineData("service-time", 6)]
    [InlineData("service-time", 7)]
    public void A_random_run_agrees_with_a_model(string name, ulong seed)
    {
        var random = new LoopRandom(seed);
        int[] throughputs = [.. Enumerable.Range(0, 6).Select(_ => (int)random.Next(4))];
        Make(name, throughputs);
        var model = new SelectorModel(
            name, [.. throughputs.Select((speed, path) => (path, speed))]);
        var inFlight = new List<(int Path, long Bytes)>();
        var failed = new HashSet<int>();
        for (int step = 0; step < 20_000; step++)
        {
            int any = (int)random.Next(6);
            switch (random.Next(10))
            {
                case 0 when failed.Add(any):
                    _selector.FailPath(_paths[any]);
                    model.Fail(any);
                    break;
                case 1 when failed.Remove(any):
                    _selector.ReinstatePath(_paths[any]);
                    model.Reinstate(any);
                    break;
                case 2 or 3 or 4 when inFlight.Count > 0:
                    EndOne(model, inFlight, random);
                    break;
                default:
                    SelectAndStart(model, inFlight, 512 * (1 + random.Next(64)));
                    break;
            }
        }
        while (inFlight.Count > 0) EndOne(model, inFlight, random);
        _paths.ShouldAllBe(path => path.Selection.InFlight == 0);
    }

    [Theory]
    [InlineData("round-robin")]
    [InlineData("queue-length")]
    [InlineData("service-time")]
    public void One_I_O_at_a_time_goes_round(string name)
    {
        Make(name, [1, 1, 1]);
        Order(7).ShouldBe("0120120");
    }

    [Fact]
    public void A_path_that_returns_is_the_next_of_round_robin_and_the_last_of_the_others()
    {
        foreach ((string name, string order) in
            (ReadOnlySpan<(string, string)>)
            [("round-robin", "1201"), ("queue-length", "2012"), ("service-time", "2012")])
        {
            Make(name, [1, 1, 1]);
            Order(2).ShouldBe("01");
            _selector.FailPath(_paths[1]);
            _selector.ReinstatePath(_paths[1]);
            // Order of use is now 2 0, with 1 before or behind them.
            Order(4).ShouldBe(order);
        }
    }

    [Fact]
    public void Queue_length_prefers_the_shortest_queue()
    {
        Make("queue-length", [1, 1, 1]);
        // 0 1 2 in flight, then 1 ends.
        for (int i = 0; i < 3; i++) Start(4096);
        _selector.EndIo(_paths[1], 4096, 0);
        Start(4096).ShouldBe(1);
        Start(4096).ShouldBe(0);
    }

    [Fact]
    public void Service_time_prefers_the_fewest_bytes()
    {
        Make("service-time", [1, 1]);
        Start(65536).ShouldBe(0);
        for (int i = 0; i < 16; i++) Start(4096).ShouldBe(1);
        Start(4096).ShouldBe(0);
    }

    [Fact]
    public void Service_time_weighs_bytes_by_throughput()
    {
        Make("service-time", [2, 5, 1]);
        int[] counts = new int[3];
        for (int i = 0; i < 16; i++) counts[Start(4096)]++;
        counts.ShouldBe([4, 10, 2]);
    }

    [Fact]
    public void A_path_without_throughput_is_used_when_no_other_is_left()
    {
        Make("service-time", [0, 1]);
        for (int i = 0; i < 100; i++) Start(1 << 20).ShouldBe(1);
        _selector.FailPath(_paths[1]);
        Start(4096).ShouldBe(0);
    }

    [Fact]
    public void Sizes_near_the_end_of_the_range_are_compared_without_overflow()
    {
        Make("service-time", [100, 99]);
        // Times a hundred the second wraps at 2^64 and would look nearly idle.
        _paths[0].Selection.InFlight = 100_000_000_000_000_000;
        _paths[1].Selection.InFlight = 190_000_000_000_000_000;
        Start(4096).ShouldBe(0);
    }

    [Theory]
    [InlineData("round-robin")]
    [InlineData("queue-length")]
    [InlineData("service-time")]
    public void Without_a_working_path_nothing_is_selected(string name)
    {
        Make(name, [1, 1]);
        foreach (PgPath path in _paths) _selector.FailPath(path);
        _selector.SelectPath(4096).ShouldBeNull();
    }

    [Theory]
    [InlineData("round-robin", "", "1 ", "")]
    [InlineData("round-robin", "0", "0 ", "")]
    [InlineData("queue-length", "", "1 ", "0 ")]
    [InlineData("queue-length", "1", "1 ", "0 ")]
    [InlineData("service-time", "", "1 1 ", "0 1 ")]
    [InlineData("service-time", "1", "1 1 ", "0 1 ")]
    [InlineData("service-time", "1 100", "1 100 ", "0 100 ")]
    [InlineData("service-time", "0 0", "0 0 ", "0 0 ")]
    public void Arguments_are_printed_as_they_are_in_force(
        string name, string arguments, string table, string info)
    {
        Add(name, arguments);
        Text(StatusKind.Table).ShouldBe(table);
        Text(StatusKind.Info).ShouldBe(info);
        _selector.WordsPerPath(StatusKind.Table).ShouldBe(table.Split(' ').Length - 1);
        _selector.WordsPerPath(StatusKind.Info).ShouldBe(info.Split(' ').Length - 1);
        _log.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("round-robin")]
    [InlineData("queue-length")]
    [InlineData("service-time")]
    public void A_repeat_count_above_one_is_one_and_said_to_be_deprecated(string name)
    {
        Add(name, "1000");
        Text(StatusKind.Table).ShouldStartWith("1 ");
        _log.ShouldBe([$"{name}: repeat_count > 1 is deprecated, using 1 instead"]);
    }

    [Theory]
    [InlineData("round-robin", "x", "invalid repeat count")]
    [InlineData("round-robin", "-1", "invalid repeat count")]
    [InlineData("round-robin", "1 1", "incorrect number of arguments")]
    [InlineData("queue-length", "x", "invalid repeat count")]
    [InlineData("queue-length", "1 1", "incorrect number of arguments")]
    [InlineData("service-time", "x 1", "invalid repeat count")]
    [InlineData("service-time", "1 x", "invalid relative_throughput value")]
    [InlineData("service-time", "1 -3", "invalid relative_throughput value")]
    [InlineData("service-time", "1 101", "invalid relative_throughput value")]
    [InlineData("service-time", "1 1 1", "incorrect number of arguments")]
    public void Wrong_arguments_are_refused_in_the_kernels_words(
        string name, string arguments, string problem) =>
        Should.Throw<SelectorException>(() => Add(name, arguments)).Message.ShouldBe(problem);

    [Fact]
    public void The_known_selectors_are_these()
    {
        SelectorTypes.Names.ShouldBe(
        [
            "round-robin", "queue-length", "service-time", "historical-service-time",
            "io-affinity",
        ]);
        SelectorTypes.TryCreate("Round-Robin", [], _loop, _log.Add).ShouldBeNull();
        foreach (string name in SelectorTypes.Names) Create(name).Name.ShouldBe(name);
    }

    private IPathSelector Create(string name) =>
        SelectorTypes.TryCreate(name, [], _loop, _log.Add).ShouldNotBeNull();

    private void Add(string name, string arguments)
    {
        _selector = Create(name);
        var path = new PgPath(new TestDevice(new SimulatedLoop(1), "a"), new(1, _selector));
        _paths.Add(path);
        string[] words = arguments.Length == 0 ? [] : arguments.Split(' ');
        _selector.AddPath(path, words);
    }

    private void Make(string name, IEnumerable<int> throughputs)
    {
        _paths.Clear();
        _selector = Create(name);
        var group = new PriorityGroup(1, _selector);
        var device = new TestDevice(new SimulatedLoop(1), "a");
        foreach (int throughput in throughputs)
        {
            var path = new PgPath(device, group);
            string[] words = name == "service-time" ? ["1", $"{throughput}"] : [];
            _selector.AddPath(path, words);
            _paths.Add(path);
        }
    }

    private string Text(StatusKind kind)
    {
        var text = new StringBuilder();
        _selector.AppendStatus(text, kind, _paths[0]);
        return text.ToString();
    }

    private string Order(int count)
    {
        string order = "";
        for (int i = 0; i < count; i++) order += _paths.IndexOf(_selector.SelectPath(4096)!);
        return order;
    }

    private int Start(long bytes)
    {
        PgPath path = _selector.SelectPath(bytes)!;
        _selector.StartIo(path, bytes);
        return _paths.IndexOf(path);
    }

    private void SelectAndStart(
        SelectorModel model, List<(int Path, long Bytes)> inFlight, long bytes)
    {
        PgPath? selected = _selector.SelectPath(bytes);
        int? expected = model.Select(bytes);
        (selected is null ? (int?)null : _paths.IndexOf(selected)).ShouldBe(expected);
        if (selected is null) return;
        _selector.StartIo(selected, bytes);
        model.Start(expected!.Value, bytes);
        inFlight.Add((expected.Value, bytes));
        if (_selector.Name == "round-robin") return;
        selected.Selection.InFlight.ShouldBe((long)model.Load(expected.Value));
    }

    private void EndOne(
        SelectorModel model, List<(int Path, long Bytes)> inFlight, LoopRandom random)
    {
        (int path, long bytes) = inFlight[(int)random.Next(inFlight.Count)];
        inFlight.Remove((path, bytes));
        _selector.EndIo(_paths[path], bytes, 0);
        model.End(path, bytes);
    }
}
