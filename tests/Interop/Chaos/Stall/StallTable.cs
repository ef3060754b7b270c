// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Tests.Interop.Chaos;

/// <summary>What `./chaos stall` prints.</summary>
internal static class StallTable
{
    public const string Head = """
        one of two paths    longest I/O  held write  | other path: p99 before, during   longest
        """;

    public static string Line(StallRow row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name(row.Kind),-20}{Text(row.Free),11}{Text(row.Held),12}  |"
        + $"{Text(StallRow.Share(row.Before, 0.99)),20}{Text(StallRow.Share(row.During, 0.99)),12}"
        + $"{Text(StallRow.Share(row.Before, 1)),12}{Text(StallRow.Share(row.During, 1)),12}");

    private static string Text(TimeSpan time) => time == TimeSpan.Zero
        ? "<100 ms"
        : time.TotalMilliseconds.ToString(
            time.TotalMilliseconds < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) + " ms";

    private static string Name(FaultKind kind) => kind switch
    {
        FaultKind.LongPause => "SIGSTOP",
        FaultKind.Kill => "SIGKILL",
        FaultKind.Cut => "dropped silently",
        FaultKind.Mute => "accepts, is mute",
        FaultKind.Deaf => "greets, is deaf",
        _ => "answers probes only",
    };
}
