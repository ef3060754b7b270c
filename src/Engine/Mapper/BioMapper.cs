// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// The bio-based core (drivers/md/dm.c): each bio is cloned for each target it touches, and goes to
/// the device below at once; merging, if any, is that device's queue's.
/// </summary>
internal sealed unsafe partial class BioMapper(
    ITargetHost host, Table firstTable, QueueLimits firstLimits) : MapperCore, IBioOwner
{
    private readonly Stack<TargetBio> _clones = new();
    private readonly Stack<MappedBio> _wholes = new();

    /// <summary>By the number of a clone, which its bio carries as its cookie.</summary>
    private readonly List<TargetBio> _byCookie = [];

    /// <summary>Bios that came, or came back, while the device was suspended.</summary>
    private readonly LinkedList<Bio> _deferred = new();

    /// <summary>Writes that the shield holds back.</summary>
    private readonly Queue<TargetBio> _shielded = new();

    private Table _table = firstTable;
    private QueueLimits _limits = firstLimits;
    private Action? _whenIdle;
    private bool _isQuiesced;

    /// <summary>What the shield held is being mapped, and is to be looked at once more.</summary>
    private bool _isKicking;
    private bool _isKickedAgain;

    public override RequestQueue? Queue => null;

    public override BlockStatistics Statistics { get; } = new();

    public override int InFlight => Statistics.InFlight + _deferred.Count;

    public override void SetTable(Table table, QueueLimits limits) =>
        (_table, _limits) = (table, limits);

    public override void Renew(Action<Bio> submit)
    {
        // What was deferred is cut and checked when it is mapped.
    }

    /// <summary>What the shield holds back does not hold up a suspend: it is deferred.</summary>
    public override void Quiesce()
    {
        _isQuiesced = true;
        while (_shielded.TryDequeue(out TargetBio? part)) Defer(part);
    }

    public override void Unquiesce()
    {
        _isQuiesced = false;
        while (!_isQuiesced && _deferred.First is { } first)
        {
            _deferred.RemoveFirst();
            Submit(first.Value);
        }
    }

    public override void WhenIdle(Action callback)
    {
        Invariant.That(_whenIdle is null);
        if (Statistics.InFlight == 0) callback();
        else _whenIdle = callback;
    }

    /// <summary>
    /// Maps again what the shield held back; what waits for a path, a bio-based target holds
    /// itself.
    /// </summary>
    public override void KickRequeueList()
    {
        // One that ends at once comes here again: not deeper for each of them.
        _isKickedAgain = true;
        if (_isKicking) return;
        _isKicking = true;
        while (_isKickedAgain)
        {
            _isKickedAgain = false;
            // A suspend meanwhile takes the rest.
            for (int left = _shielded.Count; left > 0; left--)
                if (_shielded.TryDequeue(out TargetBio? part)) Map(part);
        }
        _isKicking = false;
    }

    public override void Submit(Bio bio)
    {
        if (bio.Operation == BlockOperation.Flush && !_limits.WriteCache)
        {
            bio.EndWith(BlockStatus.Ok);
            return;
        }
        if (_isQuiesced)
        {
            _deferred.AddLast(bio);
            return;
        }
        if (!_wholes.TryPop(out MappedBio? whole)) whole = new MappedBio();
        whole.Bio = bio;
        whole.Status = BlockStatus.Ok;
        whole.Stale = null;
        whole.StartNs = host.Loop.NowNs;
        whole.IsRequeued = false;
        whole.IsDeferred = false;
        whole.HasFlushCounted = false;
        // One extra, so that parts that end at once do not end the whole before all are made.
        whole.Parts = 1;
        Statistics.InFlight++;
        if (bio.Operation == BlockOperation.Flush) MapFlush(whole);
        else MapRange(whole);
        EndPart(whole);
    }

    /// <summary>Maps a clone, for the first time or again, and acts on the verdict.</summary>
    public void Map(TargetBio part)
    {
        part.Clone.Offset = part.Offset;
        part.IsPostponed = false;
        if (part.IsCondemned)
        {
            EndTold(part, BlockStatus.IoError);
            return;
        }
        if (Shield.IsUp && MustWait(part))
        {
            Shelve(part);
            return;
        }
        // Before it is mapped: it may end, and be another part, before this returns.
        bool begins = CountStart(part);
        MapResult result = ((IBioTarget)part.Entry!.Target).Map(part);
        if (begins && result is not (MapResult.Submitted or MapResult.Remapped)) TakeBack(part);
        switch (result)
        {
            case MapResult.Submitted:
                break;
            case MapResult.Postponed:
                part.IsPostponed = true;
                break;
            case MapResult.Remapped:
                part.IsBelow = true;
                part.Device!.Submit(part.Clone);
                break;
            case MapResult.Kill:
                End(part, BlockStatus.IoError);
                break;
            case MapResult.Requeue:
                Requeue(part);
                break;
            case MapResult.DelayRequeue:
            default:
                Invariant.Broken($"map result {result} for a bio");
                break;
        }
    }

    /// <summary>
    /// A part counts when a target takes it, once (dm_start_io_acct); a flush of all targets is
    /// one.
    /// </summary>
    private bool CountStart(TargetBio part)
    {
        MappedBio whole = part.Whole!;
        bool isFlush = part.Clone.Operation == BlockOperation.Flush;
        if (part.IsCounted || (isFlush && whole.HasFlushCounted)) return false;
        part.IsCounted = true;
        whole.HasFlushCounted = isFlush;
        Statistics.CountStart(part.Clone.Operation, part.Clone.Length);
        return true;
    }

    /// <summary>The target has not taken it.</summary>
    private void TakeBack(TargetBio part)
    {
        part.IsCounted = false;
        part.Whole!.HasFlushCounted = false;
        Statistics.TakeBack(part.Clone.Operation, part.Clone.Length);
    }

    public void EndBio(Bio clone)
    {
        TargetBio part = _byCookie[clone.Cookie];
        BlockStatus status = clone.Status;
        part.IsBelow = false;
        if (clone.Stale is { } stale) NoteStale(part, stale);
        EndIoResult result = ((IBioTarget)part.Entry!.Target).EndIo(part, ref status);
        switch (result)
        {
            case EndIoResult.Done:
                EndTold(part, status);
                break;
            case EndIoResult.Incomplete:
                part.IsRetried = true;
                break;
            case EndIoResult.Requeue:
                Requeue(part);
                break;
            case EndIoResult.DelayRequeue:
            default:
                Invariant.Broken($"end-I/O result {result} for a bio");
                break;
        }
        if (Shield.IsUp) OnEndBelowShield();
    }

    private void NoteStale(TargetBio part, StaleWrite stale)
    {
        MappedBio whole = part.Whole!;
        whole.Stale = StaleWrite.Join(whole.Stale, stale);
        Shield.Add(part, part.Use, part.Offset, part.Clone.Length, stale);
    }

    /// <summary>As <see cref="RequestMapper"/> has it for requests.</summary>
    private bool MustWait(TargetBio part)
    {
        long length = part.Clone.Length;
        if (!part.Clone.IsWrite || length == 0) return false;
        return Shield.Holds(part, part.Use, part.Offset, length)
            || (Shield.Has(part, part.Use)
                && (Shield.IsUntold(part, part.Use)
                    || IsWriting(part.Offset, part.Offset + length, part)));
    }

    /// <summary>Whether a write to that range is below, but for one.</summary>
    private bool IsWriting(long begin, long end, TargetBio? except)
    {
        foreach (TargetBio other in _byCookie)
        {
            if (other.IsBelow && other != except && other.Clone.IsWrite && other.Offset < end
                && other.Offset + other.Clone.Length > begin) return true;
        }
        return false;
    }

    /// <summary>A flush goes to every target that may have data below to keep.</summary>
    private void MapFlush(MappedBio whole)
    {
        // By index: to enumerate an interface would allocate.
        IReadOnlyList<TargetEntry> entries = _table.Entries;
        for (int i = 0; i < entries.Count; i++)
            if (entries[i].Target.OwnLimits is null) Map(Part(whole, entries[i], 0, 0));
    }

    /// <summary>
    /// A range is cut where one target ends and the next begins. Of extents only the first target
    /// is asked: there is one memory for the answer, which may be shorter than the question.
    /// </summary>
    private void MapRange(MappedBio whole)
    {
        Bio bio = whole.Bio!;
        long position = bio.Offset;
        // It may have come when the table was a longer one.
        if (bio.End > _table.SizeBytes)
        {
            whole.Status = BlockStatus.IoError;
            return;
        }
        while (position < bio.End)
        {
            TargetEntry entry = _table.Find(position);
            long end = Math.Min(bio.End, entry.End);
            Map(Part(whole, entry, position, end - position));
            if (bio.Operation == BlockOperation.Extents) return;
            position = end;
        }
    }

    private TargetBio Part(MappedBio whole, TargetEntry entry, long offset, long length)
    {
        if (!_clones.TryPop(out TargetBio? part)) part = NewPart();
        Bio bio = whole.Bio!;
        part.Use++;
        part.IsCondemned = false;
        part.IsCounted = false;
        part.IsRetried = false;
        part.Io.Route = null;
        part.Whole = whole;
        part.Entry = entry;
        part.Offset = offset;
        part.Clone.Operation = bio.Operation;
        part.Clone.Flags = bio.Flags;
        part.Clone.Length = length;
        part.Clone.SegmentBytes = bio.SegmentBytes;
        part.Clone.Data = bio.Data is null ? null : bio.Data + (offset - bio.Offset);
        whole.Parts++;
        return part;
    }

    private TargetBio NewPart()
    {
        var part = new TargetBio(this);
        part.Clone.Cookie = _byCookie.Count;
        _byCookie.Add(part);
        return part;
    }

    /// <summary>
    /// The target has no path for a part, but a suspend without flush is under way: the whole bio
    /// is kept for the next table (DM_ENDIO_REQUEUE).
    /// </summary>
    private void Requeue(TargetBio part)
    {
        if (part.IsCondemned)
        {
            // Somebody has asked for its end while it was below.
            EndTold(part, BlockStatus.IoError);
            return;
        }
        part.Whole!.IsRequeued = true;
        End(part, BlockStatus.IoError);
    }

    private void Defer(TargetBio part)
    {
        part.Whole!.IsDeferred = true;
        End(part, BlockStatus.Ok);
    }

    private void End(TargetBio part, BlockStatus status)
    {
        MappedBio whole = part.Whole!;
        if (whole.Status == BlockStatus.Ok) whole.Status = status;
        if (part.Clone.Operation == BlockOperation.Extents)
            whole.Bio!.ExtentCount = part.Clone.ExtentCount;
        part.Whole = null;
        part.Entry = null;
        part.Device = null;
        _clones.Push(part);
        EndPart(whole);
    }

    private void EndPart(MappedBio whole)
    {
        if (--whole.Parts > 0) return;
        Bio bio = whole.Bio!;
        whole.Bio = null;
        _wholes.Push(whole);
        Statistics.InFlight--;
        bool isKept = whole.IsDeferred || (whole.IsRequeued && host.IsNoFlushSuspending);
        if (isKept) _deferred.AddFirst(bio);
        else bio.EndWith(whole.Status, whole.Stale);
        if (Statistics.InFlight > 0 || _whenIdle is not { } whenIdle) return;
        _whenIdle = null;
        whenIdle();
    }
}
