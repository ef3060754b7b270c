// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// Works for some seconds and fails for some seconds, in turn (drivers/md/dm-flakey.c).
/// </summary>
public sealed unsafe class FlakeyTarget : IBioTarget
{
    private const long NsPerSecond = 1_000_000_000;

    private readonly ITargetHost _host;
    private readonly DeviceRange _range;
    private readonly FlakeyFeatures _features;
    private readonly long _start;
    private readonly uint _upSeconds;
    private readonly uint _downSeconds;
    private readonly long _startNs;

    internal FlakeyTarget(
        TargetContext context, DeviceRange range, uint upSeconds, uint downSeconds,
        FlakeyFeatures features)
    {
        _host = context.Host;
        _start = context.Offset;
        _range = range;
        _upSeconds = upSeconds;
        _downSeconds = downSeconds;
        _features = features;
        _startNs = _host.Loop.NowNs;
    }

    public string TypeName => "flakey";

    public TargetKinds Kinds => TargetKinds.Bio;

    public IEnumerable<DeviceRange> Ranges => [_range];

    private bool IsDown
    {
        get
        {
            long elapsed = (_host.Loop.NowNs - _startNs) / NsPerSecond;
            return elapsed % ((long)_upSeconds + _downSeconds) >= _upSeconds;
        }
    }

    public MapResult Map(TargetBio bio)
    {
        Bio clone = bio.Clone;
        bool isDown = IsDown;
        bio.Io.Route = isDown ? this : null;
        if (!isDown || (!clone.IsWrite && _features.SparesReads)) return Send(bio);
        if (clone.IsWrite && _features.DropWrites)
        {
            clone.EndWith(BlockStatus.Ok);
            return MapResult.Submitted;
        }
        if (!clone.IsWrite || _features.ErrorWrites || _features.CorruptByte == 0)
            return MapResult.Kill;
        if (_features.Corrupts(clone)) Corrupt(bio);
        return Send(bio);
    }

    public EndIoResult EndIo(TargetBio bio, ref BlockStatus status)
    {
        bool wasDown = bio.Io.Route is not null;
        bio.Io.Route = null;
        if (wasDown && !bio.Clone.IsWrite && _features.Corrupts(bio.Clone))
            bio.Clone.Data[_features.CorruptByte - 1] = _features.CorruptValue;
        return EndIoResult.Done;
    }

    public void AppendTable(StringBuilder text)
    {
        DeviceWords.Append(text, _range);
        text.Append(CultureInfo.InvariantCulture, $" {_upSeconds} {_downSeconds} ");
        _features.Append(text);
    }

    public void AppendStatus(StringBuilder text)
    {
        // It has no state that is shown.
    }

    private MapResult Send(TargetBio bio) => DeviceWords.Remap(bio, _range, _start);

    /// <summary>In a copy: the data is the client's.</summary>
    private void Corrupt(TargetBio bio)
    {
        Bio clone = bio.Clone;
        byte[] copy = GC.AllocateUninitializedArray<byte>((int)clone.Length, pinned: true);
        new ReadOnlySpan<byte>(clone.Data, copy.Length).CopyTo(copy);
        copy[_features.CorruptByte - 1] = _features.CorruptValue;
        // Kept alive by the I/O until it ends.
        bio.Io.Route = copy;
        clone.Data = (byte*)System.Runtime.InteropServices.Marshal
            .UnsafeAddrOfPinnedArrayElement(copy, 0);
    }
}

/// <summary>
/// Makes <see cref="FlakeyTarget"/>s: `flakey DEVICE SECTOR UP DOWN [NUMBER FEATURE...]`, in
/// seconds.
/// </summary>
public sealed class FlakeyTargetType : ITargetType
{
    public string Name => "flakey";

    public ITarget Create(TableWords words, TargetContext context)
    {
        DeviceRange range = DeviceWords.Take(words, context);
        uint up = words.TakeNumber("the up interval in seconds", 0, uint.MaxValue);
        uint down = words.TakeNumber("the down interval in seconds", 0, uint.MaxValue - up);
        if (up + down == 0) throw new TableException("the intervals are both zero", words);
        FlakeyFeatures features = FlakeyFeatures.Take(words);
        // As in the kernel, more words mean nothing.
        return new FlakeyTarget(context, range, up, down, features);
    }
}
