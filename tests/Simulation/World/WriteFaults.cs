// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>A device whose writes may fail while its reads do well.</summary>
internal sealed class WriteFaults(BlockDevice device) : BlockDevice(device.Name)
{
    /// <summary>From now on, or no more.</summary>
    public bool IsOn { get; set; }

    public int Failed { get; private set; }

    public override long SizeBytes => device.SizeBytes;

    public override QueueLimits Limits => device.Limits;

    public override bool HasLimits => device.HasLimits;

    public override RequestQueue? Queue => device.Queue;

    public override BlockStatistics Statistics => device.Statistics;

    public override void Submit(Bio bio)
    {
        if (IsOn && bio.IsWrite)
        {
            Failed++;
            bio.EndWith(BlockStatus.IoError);
            return;
        }
        device.Submit(bio);
    }
}
