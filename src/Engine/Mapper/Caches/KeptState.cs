// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>What is kept for paths with write caches of their own.</summary>
/// <param name="Bytes">Memory of writes that were acknowledged and are not flushed yet.</param>
/// <param name="Rewritten">
/// Pieces that were written again since their cache was lost, all in all.
/// </param>
public readonly record struct KeptState(long Bytes, long Rewritten);
