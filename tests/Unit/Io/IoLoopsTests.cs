// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Io.Abi;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>Which backend a loop gets.</summary>
public sealed class IoLoopsTests
{
    [Fact]
    public void Where_io_uring_is_forbidden_auto_gives_epoll_and_one_line()
    {
        var lines = new List<string>();
        Exception? error = Forbidden.Run(Libc.__NR_io_uring_setup, () =>
        {
            using IoLoop loop = IoLoops.Start("braid-unit", IoBackend.Auto, lines.Add);
            loop.ShouldBeOfType<EpollLoop>();
            loop.CallAsync(() => 7).GetAwaiter().GetResult().ShouldBe(7);
        });
        error.ShouldBeNull();
        lines.ShouldHaveSingleItem().ShouldBe(
            "no io_uring on this machine, epoll instead: io_uring_setup: Operation not permitted");
    }

    [Fact]
    public void Where_io_uring_is_forbidden_who_insists_on_it_hears_why()
    {
        Exception? error = Forbidden.Run(
            Libc.__NR_io_uring_setup,
            static () => IoLoops.Start("braid-unit", IoBackend.IoUring, static _ => { }));
        error.ShouldBeOfType<ErrnoException>().Message
            .ShouldBe("io_uring_setup: Operation not permitted");
    }

    [Fact]
    public void Auto_is_io_uring_where_it_is_allowed()
    {
        Backends.Start(IoBackend.IoUring).Dispose();
        using IoLoop loop = IoLoops.Start("braid-unit", IoBackend.Auto, static _ => { });
        loop.ShouldBeOfType<UringLoop>();
    }

    [Fact]
    public void Each_backend_has_a_word() =>
        IoLoops.Words.Length.ShouldBe(Enum.GetValues<IoBackend>().Length);
}
