// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Where one class of I/O of a delay target goes, and how late.</summary>
/// <param name="Range">Where it goes.</param>
/// <param name="DelayMs">How long it is held, in milliseconds.</param>
public sealed record DelayClass(DeviceRange Range, uint DelayMs)
{
    private const long NsPerMs = 1_000_000;

    /// <summary>Bios of this class that are held now.</summary>
    public int Held { get; internal set; }

    public long DelayNs => DelayMs * NsPerMs;
}

/// <summary>
/// Holds reads, writes and flushes for a time each before they go on (drivers/md/dm-delay.c). A
/// suspend lets all of them go at once.
/// </summary>
public sealed class DelayTarget : IBioTarget
{
    private readonly ITargetHost _host;
    private readonly IReadOnlyList<DelayClass> _given;
    private readonly DelayClass _reads;
    private readonly DelayClass _writes;
    private readonly DelayClass _flushes;
    private readonly long _start;
    private readonly HashSet<HeldBio> _held = [];
    private bool _mayDelay = true;

    /// <param name="context">Its place.</param>
    /// <param name="given">One class for all, two for reads and writes, or three.</param>
    internal DelayTarget(TargetContext context, IReadOnlyList<DelayClass> given)
    {
        _host = context.Host;
        _start = context.Offset;
        _given = given;
        _reads = given[0];
        _writes = given.Count > 1 ? given[1] : given[0] with { };
        _flushes = given.Count > 2 ? given[2] : _writes with { };
    }

    public string TypeName => "delay";

    public TargetKinds Kinds => TargetKinds.Bio;

    public IEnumerable<DeviceRange> Ranges => _given.Select(one => one.Range);

    public MapResult Map(TargetBio bio)
    {
        DelayClass its = ClassOf(bio.Clone);
        DeviceWords.Remap(bio, its.Range, _start);
        bool isDue = bio.Io.Route == this;
        if (its.DelayMs == 0 || !_mayDelay || isDue) return MapResult.Remapped;
        var held = new HeldBio(this, its, bio);
        _held.Add(held);
        held.Begin(_host.Loop);
        return MapResult.Postponed;
    }

    public EndIoResult EndIo(TargetBio bio, ref BlockStatus status) => EndIoResult.Done;

    public void Presuspend(bool noFlush)
    {
        _mayDelay = false;
        foreach (HeldBio held in _held.ToArray()) held.LetGo();
    }

    public void Resume() => _mayDelay = true;

    public void AppendTable(StringBuilder text)
    {
        for (int i = 0; i < _given.Count; i++)
        {
            if (i > 0) text.Append(' ');
            DeviceWords.Append(text, _given[i].Range);
            text.Append(CultureInfo.InvariantCulture, $" {_given[i].DelayMs}");
        }
    }

    public void AppendStatus(StringBuilder text) => text.Append(
        CultureInfo.InvariantCulture, $"{_reads.Held} {_writes.Held} {_flushes.Held}");

    private DelayClass ClassOf(Bio bio)
    {
        bool isFlush = bio.Operation == BlockOperation.Flush
            || (bio.Flags & BioFlags.Preflush) != 0;
        if (isFlush) return _flushes;
        return bio.IsWrite ? _writes : _reads;
    }

    /// <summary>A bio that waits for its time.</summary>
    private sealed class HeldBio(DelayTarget target, DelayClass its, TargetBio bio)
    {
        private Io.LoopTimer? _timer;

        public void Begin(Io.IoLoop loop)
        {
            its.Held++;
            _timer = loop.CreateTimer(LetGo);
            _timer.Arm(its.DelayNs);
        }

        public void LetGo()
        {
            _timer!.Cancel();
            its.Held--;
            target._held.Remove(this);
            bio.Io.Route = target;
            target._host.Remap(bio);
        }
    }
}

/// <summary>
/// Makes <see cref="DelayTarget"/>s: `delay DEVICE SECTOR MS [DEVICE SECTOR MS [DEVICE SECTOR
/// MS]]`.
/// </summary>
public sealed class DelayTargetType : ITargetType
{
    private const int MaxClasses = 3;

    public string Name => "delay";

    public ITarget Create(TableWords words, TargetContext context)
    {
        var classes = new List<DelayClass>();
        do
        {
            DeviceRange range = DeviceWords.Take(words, context);
            uint delay = words.TakeNumber("the delay in milliseconds", 0, uint.MaxValue);
            classes.Add(new DelayClass(range, delay));
        }
        while (words.Left > 0 && classes.Count < MaxClasses);
        DeviceWords.RequireEnd(words, Name);
        return new DelayTarget(context, classes);
    }
}
