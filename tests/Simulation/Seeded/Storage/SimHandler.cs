// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// The hardware handler of a path: its group is activated when its server says so, at once or late,
/// well or not.
/// </summary>
internal sealed class SimHandler(SimServer server) : IHardwareHandler
{
    public const string HandlerName = "sim";

    private static readonly ActivationResult[] Troubles =
    [
        ActivationResult.Retry, ActivationResult.RetryImmediately,
        ActivationResult.ResourceUnavailable, ActivationResult.DeviceTemporarilyBusy,
        ActivationResult.DeviceOffline, ActivationResult.IoError, ActivationResult.NoHandler,
    ];

    public string Name => HandlerName;

    public void Activate(Action<ActivationResult> done)
    {
        LoopRandom random = server.Random;
        SimManners manners = server.Manners;
        ActivationResult result = random.Chance(manners.Refusals)
            ? Troubles[random.Next(Troubles.Length)]
            : ActivationResult.Ok;
        long ns = random.Wait(Math.Max(manners.ServiceNs, manners.ActivationNs));
        server.World.After(ns, () =>
        {
            if (result != ActivationResult.Ok)
                server.World.Trace.Tell($"{server.Name}: activation ends with {result}");
            done(result);
            server.World.NotePaths();
        });
    }
}
