// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>What lies between an acknowledged write and the storage.</summary>
internal enum SimCache
{
    None,

    /// <summary>The storage's: it is lost with the storage's power.</summary>
    Shared,

    /// <summary>Each server has one, and loses it when it dies.</summary>
    Private,
}
