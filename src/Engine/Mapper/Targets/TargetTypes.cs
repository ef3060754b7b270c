// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>The targets that need nothing but the mapper.</summary>
public static class TargetTypes
{
    public static IReadOnlyList<ITargetType> All { get; } =
    [
        new LinearTargetType(), new ErrorTargetType(), new ZeroTargetType(),
        new DelayTargetType(), new FlakeyTargetType(),
    ];
}
