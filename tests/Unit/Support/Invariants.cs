// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;
using Braid.Io;

namespace Braid.Tests.Unit.Support;

/// <summary>What a broken invariant throws in tests, instead of stopping the process.</summary>
public sealed class InvariantException(string what) : Exception(what);

internal static class Invariants
{
    [ModuleInitializer]
    internal static void Throw() => Invariant.Handler = static what => new InvariantException(what);
}
