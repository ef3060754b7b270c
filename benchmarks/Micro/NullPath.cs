// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Bench.Micro;

/// <summary>A path whose driver does nothing but hand its requests to the storage.</summary>
internal sealed class NullPath : PathDevice
{
    private readonly NullStorage _storage;

    public NullPath(IoLoop loop, string name, NullStorage storage, QueueOptions options)
        : base(loop, name, $"null:{name}", options)
    {
        _storage = storage;
        Start();
    }

    public override void Start() => Reached(EngineLoad.DeviceBytes, new QueueLimits());

    public override void Stop() => Lost("stopped");

    public override BlockStatus QueueRequest(Request request)
    {
        _storage.Take(request);
        return BlockStatus.Ok;
    }

    protected override void Dispose(bool disposing)
    {
        // It has nothing.
    }
}
