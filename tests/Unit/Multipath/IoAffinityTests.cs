// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Io;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>A path for each CPU, and masks of CPUs.</summary>
public sealed class IoAffinityTests
{
    private readonly SimulatedLoop _loop = new(1) { CpusSimulated = 4 };
    private readonly List<string> _log = [];
    private readonly List<PgPath> _paths = [];
    private readonly IoAffinity _selector;

    public IoAffinityTests() => _selector = new IoAffinity(_loop, _log.Add);

    [Fact]
    public void I_O_goes_to_the_path_of_its_CPU()
    {
        Add("8", "1", "2");
        Select(3).ShouldBe(0);
        Select(0).ShouldBe(1);
        Select(1).ShouldBe(2);
        Misses().ShouldBe(0);
    }

    [Fact]
    public void I_O_of_a_CPU_without_a_path_goes_to_the_first_CPU_that_has_one()
    {
        Add("8", "2");
        Select(0).ShouldBe(1);
        Select(2).ShouldBe(1);
        Misses().ShouldBe(2);
    }

    [Fact]
    public void I_O_of_a_failed_path_goes_to_the_first_CPU_that_works_and_is_no_miss()
    {
        Add("8", "1", "2");
        _selector.FailPath(_paths[1]);
        Select(0).ShouldBe(2);
        _selector.FailPath(_paths[2]);
        Select(0).ShouldBe(0);
        _selector.FailPath(_paths[0]);
        _selector.SelectPath(4096).ShouldBeNull();
        _selector.ReinstatePath(_paths[1]);
        Select(0).ShouldBe(1);
        Misses().ShouldBe(0);
    }

    [Fact]
    public void A_CPU_belongs_to_the_first_path_that_names_it()
    {
        Add("3", "6");
        _log.ShouldBe(["io-affinity: CPU mapping for 1 exists. Ignoring."]);
        Select(1).ShouldBe(0);
        Select(2).ShouldBe(1);
        Text(1, StatusKind.Table).ShouldBe("6 ");
        Should.Throw<SelectorException>(() => Add("7")).Message
            .ShouldBe("No new/valid CPU mapping found");
    }

    [Theory]
    [InlineData("invalid number of arguments")]
    [InlineData("invalid number of arguments", "1", "2")]
    [InlineData("invalid cpumask", "x")]
    [InlineData("invalid cpumask", "0x1")]
    [InlineData("invalid cpumask", "")]
    [InlineData("invalid cpumask", "10")]
    [InlineData("invalid cpumask", "1,00000000")]
    [InlineData("No new/valid CPU mapping found", "0")]
    public void Wrong_arguments_are_refused_in_the_kernels_words(
        string problem, params string[] arguments) =>
        Should.Throw<SelectorException>(() => _selector.AddPath(NewPath(), arguments)).Message
            .ShouldBe(problem);

    [Theory]
    [InlineData("0", "0", "")]
    [InlineData("000F", "f", "0 1 2 3")]
    [InlineData("80000000", "80000000", "31")]
    [InlineData("1,00000001", "1,00000001", "0 32")]
    [InlineData("1,0", "1,00000000", "32")]
    [InlineData("a0,00000000,00000003", "a0,00000000,00000003", "0 1 69 71")]
    public void A_mask_is_read_and_printed_as_the_kernel_does(
        string text, string printed, string cpus)
    {
        CpuMask.TryParse(text, 72, out CpuMask? mask).ShouldBeTrue();
        mask!.ToString().ShouldBe(printed);
        string.Join(' ', mask.Cpus).ShouldBe(cpus);
    }

    private void Add(params string[] masks)
    {
        foreach (string mask in masks)
        {
            PgPath path = NewPath();
            _selector.AddPath(path, [mask]);
            _paths.Add(path);
        }
    }

    private PgPath NewPath() => new(new TestDevice(_loop, "a"), new PriorityGroup(1, _selector));

    private int Select(int cpu)
    {
        _loop.RunsOn = cpu;
        return _paths.IndexOf(_selector.SelectPath(4096)!);
    }

    private int Misses() => int.Parse(
        Text(0, StatusKind.Info), System.Globalization.CultureInfo.InvariantCulture);

    private string Text(int path, StatusKind kind)
    {
        var text = new StringBuilder();
        _selector.AppendStatus(text, kind, _paths[path]);
        return text.ToString();
    }
}
