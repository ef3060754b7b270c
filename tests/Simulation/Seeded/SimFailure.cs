// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>A checker has found what must not be.</summary>
internal sealed class SimFailure(string message) : Exception(message);
