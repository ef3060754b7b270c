// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Scenario;

/// <summary>
/// The `alua` hardware handler over a <see cref="LunTarget"/> (scsi_dh_alua): activation asks for
/// the states, sets the group active where the host may, and asks again.
/// </summary>
internal sealed class AluaHandler(Lun lun) : IHardwareHandler
{
    public const string HandlerName = "alua";

    /// <summary>What the commands of an activation take together.</summary>
    private const long ActivationNs = 2_000_000;

    public string Name => HandlerName;

    /// <summary>1 and whether a group that is active but not optimized may stay so.</summary>
    private bool _mayStayNonOptimized;

    /// <summary>One word: 0 or 1 (alua_set_params).</summary>
    public string? SetParameters(IReadOnlyList<string> words)
    {
        if (words is not ["0" or "1"]) return "alua takes 0 or 1";
        _mayStayNonOptimized = words[0] == "1";
        return null;
    }

    public void Activate(Action<ActivationResult> done) =>
        lun.Loop.CreateTimer(() => done(Run())).Arm(ActivationNs);

    private ActivationResult Run()
    {
        if (!lun.Answers) return ActivationResult.IoError;
        lun.Target.Report();
        if (lun.Access == AccessState.Offline) return ActivationResult.DeviceOffline;
        if (MustSet(lun.Access))
        {
            lun.Activate();
            lun.Target.Report();
        }
        return ActivationResult.Ok;
    }

    private bool MustSet(AccessState state)
    {
        if (!lun.Target.IsExplicit || state == AccessState.Optimized) return false;
        bool mayStay = _mayStayNonOptimized && lun.Target.IsImplicit;
        return state != AccessState.NonOptimized || !mayStay;
    }
}
