// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>The daemon is told to end, and another takes over.</summary>
/// <param name="Round">After the trouble of which round.</param>
/// <param name="PatienceNs">How long it waits for its clients.</param>
internal sealed record SimRestart(int Round, long PatienceNs);
