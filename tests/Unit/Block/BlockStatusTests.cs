// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

public sealed class BlockStatusTests
{
    /// <summary>
    /// blk_path_error of the kernel, and Invalid and ReadOnly, which are no path's.
    /// </summary>
    private static readonly Dictionary<BlockStatus, (bool IsPathError, string Errno)> Expected =
        new()
    {
        [BlockStatus.Ok] = (false, "0"),
        [BlockStatus.NotSupported] = (false, "EOPNOTSUPP"),
        [BlockStatus.NoSpace] = (false, "ENOSPC"),
        [BlockStatus.Target] = (false, "EREMOTEIO"),
        [BlockStatus.ReservationConflict] = (false, "EBADE"),
        [BlockStatus.Medium] = (false, "ENODATA"),
        [BlockStatus.Protection] = (false, "EILSEQ"),
        [BlockStatus.Invalid] = (false, "EINVAL"),
        [BlockStatus.ReadOnly] = (false, "EPERM"),
        [BlockStatus.Timeout] = (true, "ETIMEDOUT"),
        [BlockStatus.Transport] = (true, "ENOLINK"),
        [BlockStatus.IoError] = (true, "EIO"),
        [BlockStatus.Resource] = (true, "ENOMEM"),
        [BlockStatus.DeviceResource] = (true, "EBUSY"),
        [BlockStatus.Again] = (true, "EAGAIN"),
        [BlockStatus.Offline] = (true, "ENODEV"),
    };

    [Fact]
    public void Every_status_is_or_is_not_a_path_error_and_has_its_errno()
    {
        Expected.Keys.Order().ShouldBe(Enum.GetValues<BlockStatus>().Order());
        foreach ((BlockStatus status, (bool isPathError, string errno)) in Expected)
        {
            status.IsPathError().ShouldBe(isPathError, status.ToString());
            status.ErrnoName().ShouldBe(errno);
        }
    }

    [Fact]
    public void An_unknown_status_is_a_broken_invariant() =>
        Should.Throw<InvariantException>(() => ((BlockStatus)200).IsPathError());
}
