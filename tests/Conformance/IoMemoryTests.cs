// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;
using Braid.Block;
using Braid.Scenario;

namespace Braid.Tests.Conformance;

/// <summary>A bio has the address of its data, which is nothing to the collector.</summary>
public sealed class IoMemoryTests
{
    [Fact]
    public void What_a_bio_points_into_is_kept_until_it_has_ended()
    {
        var device = new HoldingDevice();
        WeakReference memory = Submit(device);
        GC.Collect();
        memory.IsAlive.ShouldBeTrue();
        device.Bio!.EndWith(BlockStatus.Ok);
    }

    /// <summary>In a frame of its own, so that nothing else keeps it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Submit(HoldingDevice device)
    {
        byte[] memory = DeviceHandle.Memory(1 << 20);
        new BioWaiter().Submit(device, BlockOperation.Write, 0, memory.Length, memory, 0);
        return new WeakReference(memory);
    }

    private sealed class HoldingDevice() : BlockDevice("held")
    {
        public Bio? Bio { get; private set; }

        public override long SizeBytes => 1 << 20;

        public override QueueLimits Limits { get; } = new();

        public override RequestQueue? Queue => null;

        public override BlockStatistics Statistics { get; } = new();

        public override void Submit(Bio bio) => Bio = bio;
    }
}
