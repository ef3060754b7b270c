// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>A short run of ./sim, and the proof that it finds what it is to find.</summary>
public sealed class SimTests
{
    /// <summary>./sim runs as many as one has patience for.</summary>
    private const int Seeds = 16;

    public static TheoryData<int> SomeSeeds => [.. Enumerable.Range(1, Seeds)];

    [Theory]
    [MemberData(nameof(SomeSeeds))]
    public void A_seed_ends_as_it_should(int seed)
    {
        SimOutcome outcome = SimRun.Run(SimPlan.For((ulong)seed), isTraceFull: false);
        outcome.Problem.ShouldBeNull($"./sim --seed {seed}");
        outcome.Ios.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void A_seed_is_the_same_each_time(int seed)
    {
        SimOutcome first = SimRun.Run(SimPlan.For((ulong)seed), isTraceFull: false);
        SimOutcome again = SimRun.Run(SimPlan.For((ulong)seed), isTraceFull: true);
        (again.Hash, again.Ios, again.VirtualNs)
            .ShouldBe((first.Hash, first.Ios, first.VirtualNs));
        again.Trace.Count.ShouldBeGreaterThan(first.Trace.Count);
        SimRun.Run(SimPlan.For((ulong)seed + 100), false).Hash.ShouldNotBe(first.Hash);
    }

    /// <summary>With no mistake the same plans are clean.</summary>
    [Theory]
    [InlineData(SimMistake.RequeueEndsTwice, 4)]
    [InlineData(SimMistake.RetryDropsByte, 20)]
    [InlineData(SimMistake.FlushPassesWrites, 40)]
    [InlineData(SimMistake.ShieldOff, 40)]
    [InlineData(SimMistake.FailPathForgets, 4)]
    [InlineData(SimMistake.StaleReplyAccepted, 6)]
    [InlineData(SimMistake.LateAnswerLands, 80)]
    [InlineData(SimMistake.CachesSaidShared, 20)]
    [InlineData(SimMistake.KeptForgotten, 20)]
    [InlineData(SimMistake.StopForgets, 40)]
    [InlineData(SimMistake.ShieldNotTold, 40)]
    public void A_broken_engine_is_found_within_so_many_seeds(object mistake, int seeds)
    {
        var what = (SimMistake)mistake;
        ulong seed = 0;
        string? problem = null;
        while (problem is null && seed < (ulong)seeds)
        {
            SimPlan plan = SimBreakage.Plan(++seed, what);
            problem = SimRun.Run(plan, false, new SimBreakage(what)).Problem;
        }
        problem.ShouldNotBeNull();
        TestContext.Current.TestOutputHelper?.WriteLine($"found by seed {seed}: {problem}");
        if (what is SimMistake.ShieldOff or SimMistake.FlushPassesWrites
            or >= SimMistake.CachesSaidShared)
            problem.ShouldContain(" holds write ");
        SimPlan whole = SimBreakage.WithoutMistake(SimBreakage.Plan(seed, what));
        SimOutcome clean = SimRun.Run(whole, false);
        clean.Problem.ShouldBeNull(string.Join('\n', clean.Trace.TakeLast(100)));
    }

    [Theory]
    [InlineData("--seeds", "--seeds needs a value")]
    [InlineData("--seed x", "'x' is no number")]
    [InlineData("--seeds 9", "'9' is no range, write A..B")]
    [InlineData("--seeds 9..1", "'9..1' has no seeds in it")]
    [InlineData("--nosuch 1", "no such option: --nosuch")]
    public void Words_that_the_command_does_not_know_are_refused(string words, string error) =>
        Should.Throw<FormatException>(() => SimOptions.Parse(words.Split(' '))).Message
            .ShouldBe(error);
}
