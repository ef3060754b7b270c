// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>A stale write of another loop, as this one holds writes back for it.</summary>
/// <param name="From">The loop whose it is.</param>
/// <param name="Notice">Its name.</param>
/// <param name="Begin">First byte of the mapped device that it may reach.</param>
/// <param name="End">The byte after the last.</param>
/// <param name="Write">Is quiet when the other loop says so.</param>
internal sealed record ForeignWrite(
    int From, StaleNotice Notice, long Begin, long End, StaleWrite Write);
