// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>A device whose writes may fail, or hang, while its reads do well.</summary>
internal sealed class WriteFaults(BlockDevice device) : BlockDevice(device.Name)
{
    private readonly List<Bio> _hung = [];

    /// <summary>From now on, or no more.</summary>
    public bool IsOn { get; set; }

    public int Failed { get; private set; }

    /// <summary>Writes are taken and not done, until <see cref="DoHung"/>.</summary>
    public bool Hangs { get; set; }

    /// <summary>Writes that hang.</summary>
    public int Hung => _hung.Count;

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
        if (Hangs && bio.IsWrite) _hung.Add(bio);
        else device.Submit(bio);
    }

    /// <summary>Does them all, late as it is; others hang no more.</summary>
    public void DoHung()
    {
        Hangs = false;
        foreach (Bio bio in _hung) device.Submit(bio);
        _hung.Clear();
    }
}
