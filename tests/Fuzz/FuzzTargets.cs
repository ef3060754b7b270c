// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Fuzz;

/// <summary>All targets.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<string> Names { get; } = [.. Make().Select(target => target.Name)];

    public static IReadOnlyList<FuzzTarget> Make() =>
    [
        new TableFuzz(), new MessageFuzz(), new UriFuzz(), new TranscriptFuzz(),
        new ScenarioFuzz(), new NbdServerFuzz(), new NbdClientFuzz(), new ControlFuzz(),
    ];
}
