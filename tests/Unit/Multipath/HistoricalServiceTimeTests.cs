// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Io;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>The selector that looks at how long I/Os took.</summary>
public sealed class HistoricalServiceTimeTests
{
    private const long Ms = Loops.Ms;

    private readonly SimulatedLoop _loop = new(1);
    private readonly List<string> _log = [];
    private readonly List<PgPath> _paths = [];
    private HistoricalServiceTime _selector = null!;

    [Theory]
    [InlineData(1, 972, 0)]
    [InlineData(2, 972, 2)]
    [InlineData(3, 0, 0)]
    [InlineData(4, 1023, 10)]
    [InlineData(5, 500, 1)]
    public void A_random_run_agrees_with_a_model(ulong seed, uint weight, uint threshold)
    {
        var random = new LoopRandom(seed);
        Make(5, $"{weight}", $"{threshold}");
        var model = new HistoricalModel(weight, threshold, 5);
        var inFlight = new List<(int Path, long StartNs)>();
        var failed = new HashSet<int>();
        for (int step = 0; step < 20_000; step++)
        {
            int any = (int)random.Next(5);
            switch (random.Next(12))
            {
                case 0 when failed.Count < 4 && failed.Add(any):
                    _selector.FailPath(_paths[any]);
                    model.Fail(any);
                    break;
                case 1 when failed.Remove(any):
                    _selector.ReinstatePath(_paths[any]);
                    model.Reinstate(any);
                    break;
                case 2 or 3 or 4 or 5 when inFlight.Count > 0:
                    int ended = (int)random.Next(inFlight.Count);
                    (int path, long start) = inFlight[ended];
                    inFlight.RemoveAt(ended);
                    _selector.EndIo(_paths[path], 4096, start);
                    model.End(path, start, _loop.NowNs);
                    break;
                default:
                    int chosen = Start();
                    chosen.ShouldBe(model.Select(_loop.NowNs), $"step {step}");
                    inFlight.Add((chosen, _loop.NowNs));
                    break;
            }
            if (random.Chance(500)) _loop.RunFor(random.Next(random.Chance(50) ? 900 * Ms : Ms));
            Text(any).ShouldBe(model.Text(any));
        }
    }

    [Fact]
    public void Of_equal_busy_paths_the_one_used_last_is_taken_as_in_the_kernel()
    {
        // Both have one in flight, the same history and are fresh.
        Make(2, "0", "0");
        for (int i = 0; i < 2; i++) Start();
        _loop.RunFor(10 * Ms);
        for (int i = 0; i < 2; i++) _selector.EndIo(_paths[i], 4096, _loop.NowNs - (10 * Ms));
        Start().ShouldBe(0);
        Start().ShouldBe(1);
        Start().ShouldBe(1);
    }

    [Fact]
    public void A_slow_path_gets_little_and_is_tried_again_when_its_history_is_old()
    {
        Make(2);
        int[] counts = new int[2];
        for (int i = 0; i < 200; i++)
        {
            int path = Start();
            counts[path]++;
            long start = _loop.NowNs;
            _loop.RunFor(path == 0 ? Ms : 50 * Ms);
            _selector.EndIo(_paths[path], 4096, start);
        }
        counts[1].ShouldBeInRange(2, 20);
    }

    [Fact]
    public void I_Os_served_one_after_the_other_count_only_their_own_time()
    {
        Make(1, "0");
        for (int i = 0; i < 4; i++) Start();
        long start = _loop.NowNs;
        for (int i = 0; i < 4; i++)
        {
            _loop.RunFor(10 * Ms);
            _selector.EndIo(_paths[0], 4096, start);
            // With weight 0 the history is the last service time: 10 ms each, not 10, 20, 30, 40.
            Text(0).ShouldStartWith($"{10 * Ms * 1024} {3 - i} ");
        }
    }

    [Theory]
    [InlineData("", "2 972 0 ")]
    [InlineData("0", "2 0 0 ")]
    [InlineData("1023", "2 1023 0 ")]
    [InlineData("500 4294967295", "2 500 4294967295 ")]
    public void Its_arguments_are_always_printed(string arguments, string expected)
    {
        Make(1, Words(arguments));
        foreach (StatusKind kind in Enum.GetValues<StatusKind>())
        {
            var text = new StringBuilder();
            _selector.AppendStatus(text, kind);
            text.ToString().ShouldBe(expected);
        }
        Text(0, StatusKind.Table).ShouldBe("0 ");
        Text(0).ShouldBe("1024 0 0 ");
    }

    [Theory]
    [InlineData("1024")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("1 x")]
    [InlineData("1 1 1")]
    public void Wrong_arguments_are_refused(string arguments) =>
        Should.Throw<SelectorException>(() => Make(1, Words(arguments)));

    [Fact]
    public void A_repeat_count_is_read_and_not_used()
    {
        Make(0);
        Add("1000");
        Text(0, StatusKind.Table).ShouldBe("0 ");
        _log.ShouldBeEmpty();
        Should.Throw<SelectorException>(() => Add("x")).Message.ShouldBe("invalid repeat count");
        Should.Throw<SelectorException>(() => Add("1", "1")).Message
            .ShouldBe("incorrect number of arguments");
    }

    [Fact]
    public void Weights_fall_with_the_service_time()
    {
        var weights = new ServiceTimeWeights(972);
        weights.Base.ShouldBe(972ul);
        // From an average of 0 the new one is the share that the service time has: 1 - w.
        for (int bucket = 0; bucket < 63; bucket++)
        {
            ulong serviceNs = (ulong)bucket << 24;
            double share = 1 - Math.Pow(972 / 1024.0, bucket + 1);
            ulong average = weights.Average(0, serviceNs);
            ((double)average).ShouldBe(serviceNs * 1024.0 * share, (serviceNs * 16.0) + 1);
        }
        weights.Average(12345, 1ul << 30).ShouldBe(1ul << 40);
        weights.Average(0, ulong.MaxValue).ShouldBeGreaterThan(1ul << 50);
    }

    private static string[] Words(string text) => text.Length == 0 ? [] : text.Split(' ');

    private void Make(int paths, params string[] arguments)
    {
        _selector = new HistoricalServiceTime(arguments, _loop, _log.Add);
        for (int i = 0; i < paths; i++) Add();
    }

    private void Add(params string[] arguments)
    {
        var path = new PgPath(new TestDevice(_loop, "a"), new PriorityGroup(1, _selector));
        _selector.AddPath(path, arguments);
        _paths.Add(path);
    }

    private int Start()
    {
        PgPath path = _selector.SelectPath(4096)!;
        _selector.StartIo(path, 4096);
        return _paths.IndexOf(path);
    }

    private string Text(int path, StatusKind kind = StatusKind.Info)
    {
        var text = new StringBuilder();
        _selector.AppendStatus(text, kind, _paths[path]);
        return text.ToString();
    }
}
