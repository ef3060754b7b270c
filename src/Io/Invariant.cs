// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Braid.Io;

/// <summary>
/// What must always be true. A broken invariant is a programmer's error: going on could lose data,
/// so the process stops with the reason, in Release too. I/O errors are never invariants.
/// </summary>
[StackTraceHidden]
public static class Invariant
{
    /// <summary>Stops the process unless <paramref name="condition"/> holds.</summary>
    public static void That(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        if (!condition) Broken(what);
    }

    /// <summary>Stops the process: this place must not be reached.</summary>
    [DoesNotReturn]
    public static void Broken(string what)
    {
        if (Handler is { } handler) throw handler(what);
        Environment.FailFast($"braid: invariant broken: {what}");
    }

    /// <summary>
    /// For tests only: makes the exception that is thrown instead of stopping the process.
    /// Null, the default, stops it.
    /// </summary>
    internal static Func<string, Exception>? Handler { get; set; }
}
