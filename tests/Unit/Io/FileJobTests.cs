// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Io.Abi;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>What follows from the result of each system call of a file job.</summary>
public sealed unsafe class FileJobTests : IDisposable
{
    private const int Each = 1000;

    private readonly TestFileJob _job = new();
    private readonly byte[] _data = PinnedData.Make(3 * Each);

    public void Dispose() => _job.Dispose();

    [Theory]
    [InlineData(FileOperation.Read)]
    [InlineData(FileOperation.Write)]
    public void A_short_one_goes_on_with_what_is_left(FileOperation operation)
    {
        BeginOnThree(operation);
        Left().ShouldBe((3, 0, Each, 500));
        _job.Advance(Each + 300).ShouldBeTrue();
        Left().ShouldBe((2, Each + 300, Each - 300, 500 + Each + 300));
        _job.Advance(Each - 300).ShouldBeTrue();
        Left().ShouldBe((1, 2 * Each, Each, 500 + (2 * Each)));
        _job.Advance(Each).ShouldBeFalse();
        (_job.Done, _job.Errno).ShouldBe((3 * Each, 0));
    }

    [Theory]
    [InlineData(-Libc.EIO, Libc.EIO)]
    [InlineData(-Libc.EAGAIN, Libc.EAGAIN)]
    [InlineData(-Libc.ECANCELED, Libc.ECANCELED)]
    [InlineData(0, Libc.EIO)]
    public void An_error_or_the_end_of_the_file_ends_it_with_what_was_done(long result, int errno)
    {
        BeginOnThree(FileOperation.Read);
        _job.Advance(Each + 1).ShouldBeTrue();
        _job.Advance(result).ShouldBeFalse();
        (_job.Done, _job.Errno).ShouldBe((Each + 1, errno));
    }

    [Theory]
    [InlineData(FileOperation.Read)]
    [InlineData(FileOperation.Sync)]
    [InlineData(FileOperation.PunchHole)]
    public void What_a_signal_interrupts_is_done_again(FileOperation operation)
    {
        BeginOnThree(operation);
        FileStep step = _job.Step;
        _job.Advance(-Libc.EINTR).ShouldBeTrue();
        (_job.Step, _job.Done).ShouldBe((step, 0));
    }

    [Fact]
    public void A_hole_that_is_to_be_durable_is_synced()
    {
        _job.IsDurable = true;
        BeginOnThree(FileOperation.PunchHole);
        _job.Advance(0).ShouldBeTrue();
        _job.Step.ShouldBe(FileStep.Sync);
        _job.Advance(0).ShouldBeFalse();
        (_job.Done, _job.Errno).ShouldBe((3 * Each, 0));
    }

    [Theory]
    [InlineData(FileOperation.PunchHole)]
    [InlineData(FileOperation.Zero)]
    [InlineData(FileOperation.ZeroAllocated)]
    public void What_was_zeroed_and_cannot_be_made_durable_is_not_done(FileOperation operation)
    {
        _job.IsDurable = true;
        BeginOnThree(operation);
        _job.Advance(0).ShouldBeTrue();
        _job.Advance(-Libc.EIO).ShouldBeFalse();
        (_job.Done, _job.Errno).ShouldBe((0, Libc.EIO));
    }

    [Theory]
    [InlineData(FileOperation.Zero, FileStep.PunchHole, FileStep.ZeroRange, FileStep.Write)]
    [InlineData(FileOperation.ZeroAllocated, FileStep.ZeroRange, FileStep.Write)]
    internal void Where_a_range_cannot_be_zeroed_the_next_way_is_tried(
        FileOperation operation, params FileStep[] steps)
    {
        const long Length = FileZeroes.Length + 10;
        (_job.Operation, _job.Length) = (operation, Length);
        _job.Begin();
        foreach (FileStep step in steps[..^1])
        {
            _job.Step.ShouldBe(step);
            _job.Advance(-Libc.EOPNOTSUPP).ShouldBeTrue();
        }
        _job.Step.ShouldBe(steps[^1]);
        _job.Vectors->iov_len.ShouldBe((nuint)FileZeroes.Length);
        _job.Advance(FileZeroes.Length - 5).ShouldBeTrue();
        _job.Vectors->iov_len.ShouldBe((nuint)15);
        _job.Position.ShouldBe(FileZeroes.Length - 5);
        _job.Advance(15).ShouldBeFalse();
        (_job.Done, _job.Errno).ShouldBe((Length, 0));
    }

    [Fact]
    public void A_hole_that_cannot_be_punched_is_not_written_out()
    {
        BeginOnThree(FileOperation.PunchHole);
        _job.Advance(-Libc.EOPNOTSUPP).ShouldBeFalse();
        (_job.Done, _job.Errno).ShouldBe((0, Libc.EOPNOTSUPP));
    }

    private void BeginOnThree(FileOperation operation)
    {
        _job.Operation = operation;
        _job.Offset = 500;
        for (int i = 0; i < 3; i++) _job.Add(_data, i * Each, Each);
        _job.Begin();
    }

    /// <summary>Vectors, where the first begins, its length, and where it goes.</summary>
    private (int Count, long Start, long Length, long Position) Left() => (
        _job.VectorCount, _job.Vectors->iov_base - PinnedData.At(_data),
        (long)_job.Vectors->iov_len, _job.Position);
}
