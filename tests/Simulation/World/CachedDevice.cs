// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>A volume as one of its servers has it, with a cache of the server's own.</summary>
internal sealed class CachedDevice(CachedVolume volume, int server)
    : BlockDevice($"cached{server}")
{
    public override long SizeBytes => volume.SizeBytes;

    public override QueueLimits Limits { get; } = new()
    {
        MaxDiscardBytes = 1 << 20,
        MaxWriteZeroesBytes = 1 << 20,
        WriteCache = true,
        Fua = true,
    };

    public override RequestQueue? Queue => null;

    public override BlockStatistics Statistics { get; } = new();

    public override void Submit(Bio bio)
    {
        if (!Refuse(bio)) bio.EndWith(volume.Execute(bio, server));
    }
}
