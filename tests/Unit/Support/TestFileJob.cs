// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit.Support;

/// <summary>A file job over pinned arrays that calls back when it has ended.</summary>
internal sealed unsafe class TestFileJob() : FileJob(64)
{
    public Action<TestFileJob>? Ended { get; set; }

    public void Add(byte[] data, int offset, int length)
    {
        AddVector(PinnedData.At(data, offset), length);
        Length += length;
    }

    protected override void Completed() => Ended!(this);
}
