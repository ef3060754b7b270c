// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>A short run of each target, and that a run finds what it is to find.</summary>
public sealed class FuzzTests
{
    /// <summary>Of all targets together; ./fuzz does as many as one has patience for.</summary>
    private const int Inputs = 100_000;

    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void No_input_does_what_it_may_not(string name)
    {
        FuzzTarget target = FuzzTargets.Make().Single(other => other.Name == name);
        var fuzzer = new Fuzzer(target, seed: 1);
        for (int i = 0; i < Inputs / 1000 * target.Weight; i++)
        {
            FuzzOutcome outcome = fuzzer.Run(i);
            if (outcome.Problem is { } problem)
                Assert.Fail($"{FuzzRecord.Command(1, name, i)}\n{problem}\n{outcome.Input}");
        }
        // Inputs that are all refused would not look far into the target.
        fuzzer.Good.ShouldBeGreaterThan(fuzzer.Done / 200);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void An_input_is_the_same_each_time(string name)
    {
        FuzzTarget target = FuzzTargets.Make().Single(other => other.Name == name);
        for (int i = 0; i < 50; i++)
        {
            FuzzOutcome first = new Fuzzer(target, seed: 7).Run(i);
            FuzzOutcome again = new Fuzzer(target, seed: 7).Run(i);
            again.ShouldBe(first);
        }
        string[] inputs = [.. Enumerable.Range(0, 50)
            .SelectMany(i => (ulong[])[7, 8], (i, seed) => new Fuzzer(target, seed).Run(i).Input)];
        inputs.Distinct().Count().ShouldBeGreaterThan(80);
    }

    [Fact]
    public void What_no_input_may_do_is_found()
    {
        Problem(() => throw new InvalidOperationException("oops")).ShouldContain("oops");
        Problem(() => Invariant.That(1 + 1 == 3)).ShouldContain("1 + 1 == 3");
        Problem(() => GC.KeepAlive(new byte[100_000])).ShouldStartWith("it allocated 100");
        Problem(() => { }).ShouldBe("");
    }

    [Theory]
    [InlineData("--inputs", "--inputs needs a value")]
    [InlineData("--inputs x", "'x' is no number")]
    [InlineData("--inputs 0", "--inputs 0 must be 1 to 9223372036854775807")]
    [InlineData("--nosuch 1", "no such option: --nosuch")]
    [InlineData("--target nosuch", "no such target: nosuch; there are table, message, uri, "
        + "transcript, scenario, nbd-server, nbd-client, control")]
    [InlineData("--target uri,nosuch", "no such target: nosuch; there are table, message, uri, "
        + "transcript, scenario, nbd-server, nbd-client, control")]
    [InlineData("--target uri,table --input 1", "--input needs one --target")]
    [InlineData("--input 1", "--input needs one --target")]
    [InlineData("--input 1 --target uri --inputs 9", "--input and --inputs exclude each other")]
    public void Words_that_the_command_does_not_know_are_refused(string words, string error) =>
        Should.Throw<FormatException>(() => FuzzOptions.Parse(words.Split(' '))).Message
            .ShouldBe(error);

    [Fact]
    public async Task What_makes_no_sense_is_status_2()
    {
        (await FuzzCommand.RunAsync(["--inputs", "0"])).ShouldBe(2);
        (await FuzzCommand.RunAsync(["--inputs"])).ShouldBe(2);
    }

    [Fact]
    public void What_is_asked_for_is_done()
    {
        FuzzOptions options = FuzzOptions.Parse(
            ["--seed", "5", "--target", "uri", "--input", "3"]);
        (options.Seed, options.Input).ShouldBe((5ul, 3));
        FuzzOptions.Parse(["--inputs", "12"]).Inputs.ShouldBe(12);
        options.Targets().Single().Name.ShouldBe("uri");
        FuzzOptions.Parse([]).Targets().Count.ShouldBe(8);
        FuzzOptions.Parse(["--target", "uri,control"]).Targets().Count.ShouldBe(2);
    }

    private static string Problem(Action action) =>
        new Fuzzer(new ActionFuzz(action), seed: 1).Run(0).Problem ?? "";

    private sealed class ActionFuzz(Action action) : FuzzTarget
    {
        public override string Name => "action";

        public override int Weight => 1;

        public override long MaxBytes(int length) => 50_000;

        public override string Make(LoopRandom random) => "input";

        public override bool Read(string input)
        {
            action();
            return true;
        }
    }
}
