// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>How each fault begins and ends on one path.</summary>
internal static class FaultActions
{
    /// <summary>Whether the path can have it at all.</summary>
    public static bool Suits(FaultKind kind, ChaosPath path) =>
        kind is not (FaultKind.Cut or FaultKind.Reset) || path.CanBeCut;

    public static Task BeginAsync(FaultKind kind, ChaosPath path)
    {
        switch (kind)
        {
            case FaultKind.Kill:
                return path.KillAsync();
            case FaultKind.ShortPause or FaultKind.LongPause:
                path.Stop();
                return Task.CompletedTask;
            case FaultKind.Cut:
                return path.Net!.CutAsync();
            case FaultKind.Reset:
                return path.Net!.RefuseAsync();
            case FaultKind.Slow when path.CanBeCut:
                return path.Net!.SlowAsync();
            case FaultKind.Slow:
                path.BeginStutter();
                return Task.CompletedTask;
            case FaultKind.Mute or FaultKind.Deaf or FaultKind.Trap:
                return path.ReplaceAsync(kind switch
                {
                    FaultKind.Mute => ImpostorKind.Mute,
                    FaultKind.Deaf => ImpostorKind.Deaf,
                    _ => ImpostorKind.Trap,
                });
            default:
                throw new ArgumentOutOfRangeException(nameof(kind));
        }
    }

    public static Task EndAsync(FaultKind kind, ChaosPath path)
    {
        switch (kind)
        {
            case FaultKind.Kill:
                return path.StartAsync();
            case FaultKind.ShortPause or FaultKind.LongPause:
                path.Continue();
                return Task.CompletedTask;
            case FaultKind.Cut or FaultKind.Reset:
                return path.Net!.MendAsync();
            case FaultKind.Slow:
                return path.CanBeCut ? path.Net!.QuickenAsync() : path.EndStutterAsync();
            default:
                return path.RestoreAsync();
        }
    }
}
