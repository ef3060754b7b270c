// SPDX-License-Identifier: Apache-2.0
namespace Braid.Scenario;

/// <summary>Access state of a target port group (SPC-5 5.15.2.4, by its code).</summary>
internal enum AccessState
{
    Optimized = 0,
    NonOptimized = 1,
    Standby = 2,
    Unavailable = 3,
    Offline = 14,
}

internal static class AccessStates
{
    /// <summary>As scenarios write it.</summary>
    public static AccessState Parse(string word) => word switch
    {
        "optimized" => AccessState.Optimized,
        "nonoptimized" => AccessState.NonOptimized,
        "standby" => AccessState.Standby,
        "unavailable" => AccessState.Unavailable,
        "offline" => AccessState.Offline,
        _ => throw new StepException($"'{word}' is no access state"),
    };

    public static string Word(this AccessState state) => state.ToString().ToLowerInvariant();

    /// <summary>As /sys shows what the host knows.</summary>
    public static string HostWord(this AccessState state) => state switch
    {
        AccessState.Optimized => "active/optimized",
        AccessState.NonOptimized => "active/non-optimized",
        _ => state.Word(),
    };

    /// <summary>Whether the size can be asked for.</summary>
    public static bool TellsSize(this AccessState state) =>
        state is not (AccessState.Unavailable or AccessState.Offline);

    /// <summary>Whether reads and writes are served.</summary>
    public static bool TakesIo(this AccessState state) =>
        state is AccessState.Optimized or AccessState.NonOptimized;
}

/// <summary>
/// A target with one store behind several ports, each in a port group of its own. The host asks
/// for the states (RTPG) and may set them (STPG) by any port that answers.
/// </summary>
/// <param name="isImplicit">The target may change states by itself.</param>
/// <param name="isExplicit">The host may.</param>
internal sealed class LunTarget(bool isImplicit, bool isExplicit)
{
    private readonly List<Lun> _ports = [];

    public bool IsImplicit => isImplicit;

    public bool IsExplicit => isExplicit;

    public void Add(Lun port) => _ports.Add(port);

    /// <summary>Report Target Port Groups: the host learns the states of all groups.</summary>
    public void Report()
    {
        foreach (Lun port in _ports) port.LearnState();
    }
}
