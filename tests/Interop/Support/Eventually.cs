// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Braid.Tests.Interop.Support;

/// <summary>
/// The only way in which these tests wait: for a condition, with a deadline. The deadlines are for
/// what has gone wrong and are generous; no test passes or fails by how quick the machine is.
/// </summary>
internal static class Eventually
{
    /// <summary>For anything that a healthy program does at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until the condition holds; fails with <paramref name="what"/>.</summary>
    public static Task IsTrueAsync(Func<bool> condition, Func<string> what) =>
        IsTrueAsync(() => Task.FromResult(condition()), what);

    public static Task IsTrueAsync(Func<bool> condition, string what) =>
        IsTrueAsync(condition, () => what);

    /// <summary>For stories about time itself: something hangs for so long.</summary>
    public static Task HasPassedAsync(TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        return IsTrueAsync(() => clock.Elapsed >= time, "time passes");
    }

    public static async Task IsTrueAsync(Func<Task<bool>> condition, Func<string> what)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            if (clock.Elapsed > Patience)
                Assert.Fail($"not within {Patience.TotalSeconds} s: {what()}");
            await Task.Delay(Step);
        }
    }
}
