// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Tests.Interop.Support;

/// <summary>What all jobs of fio have in common: its nbd engine, and each block verified.</summary>
internal static class Fio
{
    /// <param name="uri">Of the export.</param>
    /// <param name="size">Bytes of it that are used, unless the arguments say less.</param>
    /// <param name="arguments">The job; they win over the common ones.</param>
    public static string[] Arguments(string uri, long size, params string[] arguments) =>
    [
        "--name=job", "--thread", "--ioengine=nbd", $"--uri={uri}",
        string.Create(CultureInfo.InvariantCulture, $"--size={size}"),
        "--verify=crc32c", "--verify_fatal=1", "--do_verify=1", .. arguments,
    ];
}
