// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit.Support;

internal static class Loops
{
    public const long Ms = 1_000_000;

    /// <summary>Runs all turns that need no time to pass.</summary>
    public static void Settle(this SimulatedLoop loop) => loop.RunFor(0);

    /// <summary>Runs until the condition holds; fails the test when it never does.</summary>
    public static void Await(
        this SimulatedLoop loop, Func<bool> condition, long withinMs = 60_000) =>
        loop.RunUntil(condition, withinMs * Ms).ShouldBeTrue("it never happened");
}

/// <summary>A turn task that is a delegate.</summary>
internal sealed class ActionTask(Action action) : TurnTask
{
    protected internal override void RunTask() => action();
}
