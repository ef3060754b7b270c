// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>The last path of a map, which has failed often (found by a seed of ./sim).</summary>
public sealed class NeededPathTests
{
    private const long Second = SimWorld.Second;

    [Fact]
    public void While_no_other_works_a_path_whose_probes_fail_is_asked_every_five_seconds()
    {
        SimPlan plan = SimPlan.For(1) with { Paths = 1, QueueIfNoPath = true };
        var world = new SimWorld(plan, isTraceFull: false);
        SimServer server = world.Servers[0];
        server.Start();
        world.Stack.ReachPaths(() => { });
        world.RunFor(Second);
        world.Stack.MakeMap();
        PathDevice path = world.Stack.Paths.All[0];
        bool IsUsed() => path.State == PathState.Up && world.Stack.Paths.IsActive(path);
        for (int i = 0; i < 6; i++)
        {
            server.Kill();
            world.RunFor(Second / 10);
            server.Start();
            world.RunUntil(IsUsed, 20 * Second).ShouldBeTrue();
        }
        server.Manners.PathErrors = 1000;
        server.Kill();
        server.Start();
        world.RunFor(40 * Second);
        IsUsed().ShouldBeFalse();
        server.Manners.Behave(plan.ServiceNs);
        world.RunUntil(IsUsed, 6 * Second).ShouldBeTrue();
        world.Dispose();
    }
}
