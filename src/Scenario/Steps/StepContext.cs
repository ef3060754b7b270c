// SPDX-License-Identifier: Apache-2.0
namespace Braid.Scenario;

/// <summary>Does a step; its result is the exit status.</summary>
internal delegate Task<int> StepAction(StepContext context, string[] words);

/// <summary>What a step works with.</summary>
/// <param name="World">The machine.</param>
/// <param name="Output">Where its lines go.</param>
/// <param name="Cpu">The CPU that its I/O is given from.</param>
/// <param name="Depth">Steps that it is a part of.</param>
internal sealed record StepContext(ScenarioWorld World, List<string> Output, int Cpu, int Depth)
{
    public void Print(string line) => Output.Add(line);
}

/// <summary>A step that was started, and what came of it.</summary>
internal sealed class StepRun
{
    public List<string> Output { get; } = [];

    /// <summary>The exit status; null while it runs.</summary>
    public string? Result { get; set; }

    /// <summary>What it does; a fault in it is a mistake of ours.</summary>
    public Task Work { get; set; } = Task.CompletedTask;

    public bool IsDone => Result is not null || Work.IsFaulted;
}

/// <summary>
/// A step that cannot be done as it is written; the message is for the transcript.
/// </summary>
internal sealed class StepException(string message) : Exception(message);
