// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

/// <summary>A place that breaks a house rule.</summary>
/// <param name="Path">From the root.</param>
/// <param name="Line">The first line is 1.</param>
/// <param name="Rule">What is wrong there, with its number.</param>
internal readonly record struct Breach(string Path, int Line, string Rule)
{
    public override string ToString() => $"{Path}:{Line}: {Rule}";
}
