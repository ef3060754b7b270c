// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Block;
using Braid.Mapper;

namespace Braid.Tests.Unit.Support;

/// <summary>
/// A target that says what the test wants it to say, to requests or to bios, and counts what it was
/// told: every start must have its end.
/// </summary>
internal sealed class TestTarget(BlockDevice below) : IRequestTarget
{
    public string TypeName => "test";

    public TargetKinds Kinds => TargetKinds.Request;

    public IEnumerable<DeviceRange> Ranges => [new DeviceRange(below, 0, below.SizeBytes)];

    public bool IsBusy { get; set; }

    public bool HoldsIo { get; set; }

    /// <summary>The verdict on the way down.</summary>
    public Func<MapResult> OnMap { get; set; } = static () => MapResult.Remapped;

    /// <summary>The verdict on the way up, by the status of the clone.</summary>
    public Func<BlockStatus, EndIoResult> OnEnd { get; set; } = static _ => EndIoResult.Done;

    /// <summary>When set, what the status is changed to.</summary>
    public BlockStatus? ChangedStatus { get; set; }

    public int Maps { get; private set; }

    public int Starts { get; private set; }

    /// <summary>Starts that were undone before the clone had left.</summary>
    public int Releases { get; private set; }

    /// <summary>Statuses of clones that have ended.</summary>
    public List<BlockStatus> Ends { get; } = [];

    public MapResult CloneAndMap(
        Request origin, TargetIo io, ICloneOwner owner, out Request? clone)
    {
        Maps++;
        clone = null;
        MapResult result = OnMap();
        if (result != MapResult.Remapped) return result;
        clone = below.Queue!.TryAllocateClone(origin, owner);
        if (clone is null) return MapResult.Requeue;
        Starts++;
        return MapResult.Remapped;
    }

    public void ReleaseClone(TargetIo io) => Releases++;

    public EndIoResult EndIo(TargetIo io, BlockOperation operation, ref BlockStatus status) =>
        End(ref status);

    public void AppendTable(StringBuilder text) => text.Append("table");

    public void AppendStatus(StringBuilder text) => text.Append("status");

    public void Message(IReadOnlyList<string> words) =>
        throw new MessageException(string.Join('+', words));

    private EndIoResult End(ref BlockStatus status)
    {
        Ends.Add(status);
        EndIoResult result = OnEnd(status);
        if (ChangedStatus is { } changed) status = changed;
        return result;
    }
}

/// <summary>The same for bios only.</summary>
internal sealed class TestBioTarget(BlockDevice below) : IBioTarget
{
    public string TypeName => "testbio";

    public TargetKinds Kinds => TargetKinds.Bio;

    public IEnumerable<DeviceRange> Ranges => [new DeviceRange(below, 0, below.SizeBytes)];

    public Func<MapResult> OnMap { get; set; } = static () => MapResult.Remapped;

    public Func<BlockStatus, EndIoResult> OnEnd { get; set; } = static _ => EndIoResult.Done;

    /// <summary>Clones as they came, with their offsets before they are mapped.</summary>
    public List<(TargetBio Bio, long Offset)> Mapped { get; } = [];

    public List<BlockStatus> Ends { get; } = [];

    /// <summary>Added to each offset.</summary>
    public long Shift { get; set; }

    public MapResult Map(TargetBio bio)
    {
        Mapped.Add((bio, bio.Clone.Offset));
        bio.Device = below;
        bio.Clone.Offset += Shift;
        return OnMap();
    }

    public EndIoResult EndIo(TargetBio bio, ref BlockStatus status)
    {
        Ends.Add(status);
        return OnEnd(status);
    }

    public void AppendTable(StringBuilder text) => text.Append("table");

    public void AppendStatus(StringBuilder text) => text.Append("status");

    public void Message(IReadOnlyList<string> words) => throw new MessageException("no");
}
