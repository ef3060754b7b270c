// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// CPU time of a process and its descendants: user and system, of living and ended threads. The
/// process's CPU clock counts nanoseconds; utime and stime of /proc/PID/stat count hundredths of a
/// second, which is 5 % of a short run at depth 1.
/// </summary>
internal static class CpuClock
{
    public static double Seconds(int pid) => ProcessTree.Of(pid).Sum(ProcessSeconds);

    private static double ProcessSeconds(int pid)
    {
        // clock_getcpuclockid(3): the complement of the pid above the three bits of CPUCLOCK_SCHED.
        int clock = (~pid << 3) | 2;
        return Libc.ClockGetTime(clock, out Libc.Timespec time) == 0
            ? time.Seconds + time.Nanoseconds * 1e-9
            : 0;
    }
}
