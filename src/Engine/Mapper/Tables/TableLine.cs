// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Mapper;

/// <summary>One target of a table or a status, as the kernel prints it.</summary>
/// <param name="Start">First sector of its range.</param>
/// <param name="Length">Sectors.</param>
/// <param name="Type">Of the target.</param>
/// <param name="Arguments">Its arguments or its state, a blank at the end included.</param>
public sealed record TableLine(long Start, long Length, string Type, string Arguments)
{
    /// <summary>The kernel's line, character for character.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Start} {Length} {Type} {Arguments}");
}
