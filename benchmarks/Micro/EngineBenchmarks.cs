// SPDX-License-Identifier: Apache-2.0
using BenchmarkDotNet.Attributes;

namespace Braid.Bench.Micro;

/// <summary>The engine alone, for BenchmarkDotNet; operations are bios of one loop.</summary>
public class EngineBenchmarks
{
    private readonly List<EngineThread> _others = [];
    private EngineLoad _load = null!;

    /// <summary>What is measured; set before the run.</summary>
    public static IReadOnlyList<EngineCase> Cases { get; set; } = EngineCases.Quick;

    [ParamsSource(nameof(Cases))]
    public EngineCase Case { get; set; } = EngineCases.Goal;

    [GlobalSetup]
    public void Setup()
    {
        _load = new EngineLoad(Case);
        for (int i = 1; i < Case.Loops; i++) _others.Add(new EngineThread(Case));
    }

    [Benchmark(OperationsPerInvoke = EngineLoad.BiosPerRun)]
    public void Run()
    {
        foreach (EngineThread other in _others) other.Begin();
        _load.Run();
        foreach (EngineThread other in _others) other.End();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (EngineThread other in _others) other.Dispose();
    }
}
