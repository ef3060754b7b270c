// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>What may be typed after ./sim.</summary>
public sealed class SimOptionsTests
{
    [Theory]
    [InlineData("--threads 0", "--threads 0 must be 1 to 1024")]
    [InlineData("--minutes 0", "--minutes 0 must be 1 to 10000")]
    [InlineData("--seed 1 --seeds 1..2", "--seed and --seeds exclude each other")]
    [InlineData("--minutes 1 --seed 1", "--seed and --minutes exclude each other")]
    [InlineData("--seed -1", "'-1' is no number")]
    [InlineData("--seeds x..2", "'x' is no number")]
    [InlineData("--seed --minutes 1", "'--minutes' is no number")]
    [InlineData("--minutes 1 --seed", "--seed needs a value")]
    [InlineData("--seed 1 2", "no such option: 2")]
    public async Task What_makes_no_sense_is_one_line_and_status_2(string words, string error)
    {
        string[] args = words.Split(' ');
        Should.Throw<FormatException>(() => SimOptions.Parse(args)).Message.ShouldBe(error);
        (await SimCommand.RunAsync(args)).ShouldBe(2);
    }

    [Fact]
    public void What_is_asked_for_is_done()
    {
        SimOptions none = SimOptions.Parse([]);
        (none.First, none.Last, none.IsSingle, none.Time).ShouldBe((1ul, 200ul, false, null));
        none.Threads.ShouldBe(Environment.ProcessorCount);
        SimOptions one = SimOptions.Parse(["--seed", "18446744073709551615"]);
        (one.First, one.Last, one.IsSingle).ShouldBe((ulong.MaxValue, ulong.MaxValue, true));
        SimOptions many = SimOptions.Parse(["--seeds", "5..9", "--minutes", "2", "--threads", "3"]);
        (many.First, many.Last, many.Time, many.Threads)
            .ShouldBe((5ul, 9ul, TimeSpan.FromMinutes(2), 3));
    }
}
