// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Support;

/// <summary>
/// Tests that start processes run when no other does: until a child has become its program it has
/// the descriptors of all, and a socket that was closed meanwhile still has a listener.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class StartsProcesses
{
    public const string Name = "starts processes";
}
