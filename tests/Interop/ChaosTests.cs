// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Chaos;

namespace Braid.Tests.Interop;

/// <summary>A quarter of a minute of ./chaos, and what its checker is to find.</summary>
public sealed class ChaosTests
{
    private readonly BlockHistory _history = new(blocks: 4);

    [Fact]
    public async Task Whatever_becomes_of_the_paths_nothing_is_lost_and_nothing_fails()
    {
        Needs.Tool("nbdkit", "qemu-nbd", "fio");
        var run = new ChaosRun(new ChaosOptions
        {
            Time = TimeSpan.FromSeconds(14), Seed = 11, WaitsForAll = false,
        });

        ChaosReport report = await run.RunAsync(TestContext.Current.CancellationToken);

        string what = $"{report.Text()}\n{string.Join('\n', run.Trace.Lines())}";
        report.Findings.Errors.ShouldBeEmpty(what);
        (report.Findings.Stale, report.Findings.Corrupt).ShouldBe((0, 0), what);
        report.Director.Count.ShouldBeGreaterThan(3, what);
        report.Checker.BytesVerified.ShouldBeGreaterThan(report.Checker.Bytes, what);
        report.Fio.Passes.ShouldBeGreaterThan(0, what);
    }

    [Fact]
    public void A_read_that_goes_back_behind_an_acknowledged_write_is_found()
    {
        long old = Write(0);
        Write(0);
        Read(0, old).ShouldBe(ReadVerdict.Stale);
    }

    [Fact]
    public void A_read_that_goes_back_behind_another_read_is_found()
    {
        long old = Write(0);
        long unanswered = _history.BeginWrite(0, 1);
        Read(0, old).ShouldBe(ReadVerdict.Allowed);
        Read(0, unanswered).ShouldBe(ReadVerdict.Allowed);
        Read(0, old).ShouldBe(ReadVerdict.Stale);
    }

    [Fact]
    public void Writes_at_the_same_time_may_be_read_in_either_order()
    {
        long first = _history.BeginWrite(0, 2);
        long second = _history.BeginWrite(1, 2);
        _history.EndWrite(second);
        _history.EndWrite(first);
        Read(1, first).ShouldBe(ReadVerdict.Allowed);
        Read(1, second).ShouldBe(ReadVerdict.Allowed);
    }

    [Fact]
    public void A_read_that_began_before_a_write_was_acknowledged_may_miss_it()
    {
        long old = Write(0);
        long[] floor = new long[1];
        _history.BeginRead(0, floor);
        Write(0);
        _history.EndRead(0, floor[0], [old]).ShouldBe(ReadVerdict.Allowed);
    }

    [Fact]
    public void Bytes_that_nobody_has_written_there_are_found()
    {
        long elsewhere = Write(1);
        Read(0, elsewhere).ShouldBe(ReadVerdict.Corrupt);
        Read(0, 0).ShouldBe(ReadVerdict.Corrupt);
        Read(0, 77).ShouldBe(ReadVerdict.Corrupt);
    }

    [Fact]
    public void A_stamp_tells_one_wrong_byte()
    {
        byte[] block = new byte[Stamp.BlockBytes];
        var writes = new List<long>();
        Stamp.Fill(block, number: 3, write: 7);
        Stamp.Read(block, 3, writes);
        writes.ShouldBe([7]);
        Stamp.Fill(block.AsSpan(0, 512), number: 3, write: 8);
        Stamp.Read(block, 3, writes);
        writes.ShouldBe([8, 7]);
        block[^16] ^= 1;
        Stamp.Read(block, 3, writes);
        writes.ShouldBe([8, 7, -1]);
    }

    /// <summary>
    /// A path dies at 10.0 with a write under way, whose retry is quick; the timeout is 1 s.
    /// </summary>
    [Theory]
    [InlineData("write", 12, 10.01, 11.7, true)]
    [InlineData("write", 12, 11.1, 12.8, false)]
    [InlineData("read", 12, 10.01, 11.7, false)]
    [InlineData("write", 40, 10.01, 11.7, false)]
    public void A_write_near_one_that_was_given_up_may_wait_for_it(
        string what, int first, double began, double ended, bool mayBeHeld)
    {
        var log = new IoLog();
        log.Add(Io("write", 10, 9.995, 10.02));
        log.Add(Io(what, first, began, ended));

        var stalls = new Stalls(log, [TimeSpan.FromSeconds(10)], [], new ChaosOptions());

        stalls.Held.Count().ShouldBe(mayBeHeld ? 1 : 0);
        stalls.Free.Count().ShouldBe(mayBeHeld ? 0 : 1);
    }

    [Fact]
    public void Without_the_guard_no_write_may_wait_for_another()
    {
        var log = new IoLog();
        log.Add(Io("write", 10, 9.995, 10.02));
        log.Add(Io("write", 10, 10.01, 11.7));

        var stalls = new Stalls(
            log, [TimeSpan.FromSeconds(10)], [], new ChaosOptions { Guard = "off" });

        stalls.Free.Count().ShouldBe(1);
    }

    [Fact]
    public void What_an_outage_excuses_ends_with_it()
    {
        var log = new IoLog();
        log.Add(Io("read", 10, 9.9, 15));
        var outage = new Outage(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(12));

        var stalls = new Stalls(log, [], [outage], new ChaosOptions());

        stalls.AfterOutage(stalls.InOutage.Single()).ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void What_waits_for_ever_meets_any_number_of_faults()
    {
        var options = new ChaosOptions();
        options.HeldBound(1).ShouldBe(TimeSpan.FromSeconds(2.1));
        options.HeldBound(100).ShouldBe(options.HeldBound(3));
    }

    [Theory]
    [InlineData("no reply within 1000 ms", true)]
    [InlineData("receive: Connection reset by peer", true)]
    [InlineData("closed by the peer", true)]
    [InlineData("no connection within 1000 ms", false)]
    [InlineData("connect 10.0.0.1:10809: Connection refused", false)]
    [InlineData("the peer closed the connection", false)]
    public void Only_a_path_that_was_up_gives_up_io(string reason, bool givesUp)
    {
        var losses = new PathLosses();
        losses.Hear($"05:51:34.753 warn: braid[0] path b: down: {reason}", TimeSpan.FromSeconds(2));
        losses.Hear("05:51:34.753 info: braid[0] path b: connected", TimeSpan.FromSeconds(3));

        losses.Times.Count.ShouldBe(givesUp ? 1 : 0);
        losses.After("b", TimeSpan.FromSeconds(1)).ShouldBe(TimeSpan.FromSeconds(2));
        losses.After("b", TimeSpan.FromSeconds(2)).ShouldBeNull();
        losses.After("a", TimeSpan.Zero).ShouldBeNull();
    }

    [Fact]
    public void The_command_that_repeats_a_run_is_understood()
    {
        ChaosOptions options = ChaosOptions.Parse(
            ["--minutes", "1.5", "--seed", "7", "--paths", "3", "--io-timeout", "0.5",
                "--guard", "off", "--loops", "2", "--without", "Cut,Slow"]);
        ChaosOptions again = ChaosOptions.Parse(options.Command.Split(' ')[1..]);
        again.Command.ShouldBe(options.Command);
        again.Kinds.ShouldNotContain(FaultKind.Cut);
        (again.Seed, again.Time).ShouldBe((7, TimeSpan.FromSeconds(90)));
    }

    [Fact]
    public void What_is_asked_for_is_done()
    {
        ChaosOptions.Parse([]).MeasuresStall.ShouldBeFalse();
        ChaosOptions stall = ChaosOptions.Parse(["stall", "--io-timeout", "0.5"]);
        (stall.MeasuresStall, stall.IoTimeout.TotalSeconds).ShouldBe((true, 0.5));
        ChaosOptions.Parse(["--without", "Slow", "--only", "cut,slow"]).Kinds
            .ShouldBe([FaultKind.Cut]);
    }

    [Theory]
    [InlineData("--minutes", "--minutes needs a value")]
    [InlineData("--seed x", "'x' is no number")]
    [InlineData("--seed 1.5", "'1.5' is no number")]
    [InlineData("--minutes 0", "--minutes 0 must be 0.01 to 10000")]
    [InlineData("--paths 5", "--paths 5 must be 2 to 4")]
    [InlineData("--only nosuch", "no such fault: nosuch")]
    [InlineData("--without nosuch", "no such fault: nosuch")]
    [InlineData("--only Cut,Slow --without Slow,Cut", "--only and --without leave no fault")]
    [InlineData("--minutes 1 stall", "--minutes is of no use with stall")]
    [InlineData("stall --minutes 1", "no such option: --minutes")]
    [InlineData("--nosuch 1", "no such option: --nosuch")]
    public void Words_that_the_command_does_not_know_are_refused(string words, string error) =>
        Should.Throw<FormatException>(() => ChaosOptions.Parse(words.Split(' '))).Message
            .ShouldBe(error);

    [Fact]
    public void The_same_seed_plans_the_same_faults()
    {
        FaultPlan[] plans =
        [
            .. Enumerable.Range(0, 2).Select(_ => new FaultPlan(
                5, [], TimeSpan.FromSeconds(1), Enum.GetValues<FaultKind>())),
        ];
        for (int i = 0; i < 100; i++)
        {
            PlannedFault fault = plans[0].Next();
            PlannedFault again = plans[1].Next();
            (again.Kind, again.Time, again.Gap).ShouldBe((fault.Kind, fault.Time, fault.Gap));
        }
    }

    private static TimedIo Io(string what, int first, double began, double ended) => new(
        TimeSpan.FromSeconds(began), TimeSpan.FromSeconds(ended), what, first, Count: 4);

    private long Write(int block)
    {
        long number = _history.BeginWrite(block, 1);
        _history.EndWrite(number);
        return number;
    }

    private ReadVerdict Read(int block, long write)
    {
        long[] floor = new long[1];
        _history.BeginRead(block, floor);
        return _history.EndRead(block, floor[0], [write]);
    }
}
