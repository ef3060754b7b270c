// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;
using Braid.Io;

namespace Braid.Block;

/// <summary>Where a request is on its way.</summary>
public enum RequestState : byte
{
    /// <summary>Its tag is free.</summary>
    Free,

    /// <summary>In the plug, the scheduler, the dispatch list or the requeue list.</summary>
    Queued,

    /// <summary>At the driver.</summary>
    InFlight,
}

/// <summary>Who is told when a clone ends, instead of its bios (rq->end_io).</summary>
public interface ICloneOwner
{
    /// <summary>
    /// The clone has ended; <paramref name="done"/> bytes from its start succeeded. The owner must
    /// free it with <see cref="RequestQueue.Free"/>.
    /// </summary>
    void EndClone(Request clone, BlockStatus status, long done);
}

/// <summary>
/// One or more merged bios that hold a tag (struct request). Allocated once for each tag; the tag
/// and its generation are its only name on the wire. A clone shares the bios of its origin.
/// </summary>
public sealed class Request
{
    private const long Condemned = -1;

    private RequestLinks _links;

    internal Request(RequestQueue queue, int tag)
    {
        Queue = queue;
        Tag = tag;
    }

    /// <summary>The queue whose tag it holds.</summary>
    public RequestQueue Queue { get; }

    /// <summary>0 up to the depth of the queue.</summary>
    public int Tag { get; }

    /// <summary>Counts the uses of the tag: tells a stale reply from a good one.</summary>
    public uint Generation { get; internal set; }

    public RequestState State { get; internal set; }

    public BlockOperation Operation { get; internal set; }

    public BioFlags Flags { get; internal set; }

    /// <summary>Bytes from the start of the device; moves on with a partial completion.</summary>
    public long Offset { get; internal set; }

    /// <summary>Bytes that are still to be done.</summary>
    public long Length { get; internal set; }

    /// <summary>The bios in order; null for none.</summary>
    public Bio? FirstBio { get; internal set; }

    /// <summary>Ranges of memory.</summary>
    public int Segments { get; internal set; }

    /// <summary>When it went to the driver, on the loop's clock.</summary>
    public long DispatchNs { get; internal set; }

    /// <summary>When it took its tag, on the loop's clock.</summary>
    public long StartNs { get; internal set; }

    /// <summary>Why it waits; None while it is on its way.</summary>
    public HoldReason Hold { get; internal set; }

    /// <summary>Times that it has come back from a path without any progress.</summary>
    public int Retries { get; set; }

    /// <summary>While it is held it is not dispatched before, kicked or not.</summary>
    public long NotBeforeNs { get; set; }

    /// <summary>
    /// Somebody wants it to fail, as soon as it is dispatched again or would be retried.
    /// </summary>
    public bool IsCondemned => NotBeforeNs == Condemned;

    /// <summary>Of a clone: the request it was made for.</summary>
    public Request? Origin { get; internal set; }

    /// <summary>
    /// Copies of it that may still land: set by a transport that gives it up, and kept through
    /// retries until the tag is free.
    /// </summary>
    public StaleWrite? Stale { get; set; }

    public long End => Offset + Length;

    public bool IsWrite => Operation is not (BlockOperation.Read or BlockOperation.Extents);

    /// <summary>The last of several bios; null for one, and of a clone.</summary>
    internal Bio? LastBio { get; set; }

    /// <summary>Of a clone: who is told of its end.</summary>
    internal ICloneOwner? CloneOwner { get; set; }

    /// <summary>Links of the list or scheduler it is in.</summary>
    internal ref RequestLinks Links => ref _links;

    /// <summary>Of a clone: it is durable when it ends (REQ_FUA).</summary>
    public void MakeDurable() => Flags |= BioFlags.Fua;

    internal void Condemn() => NotBeforeNs = Condemned;

    /// <summary>A new use of the tag.</summary>
    internal void Take(long nowNs)
    {
        Generation++;
        State = RequestState.Queued;
        StartNs = nowNs;
        Hold = HoldReason.None;
        Retries = 0;
        NotBeforeNs = 0;
    }

    /// <summary>Takes one bio, its first.</summary>
    internal void Begin(Bio bio)
    {
        Operation = bio.Operation;
        Flags = bio.Flags;
        Offset = bio.Offset;
        Length = bio.Length;
        FirstBio = bio;
        bio.Next = null;
        Segments = bio.Segments;
    }

    /// <summary>Takes over what is left of another request, whose the bios remain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void BeginAsCloneOf(Request origin)
    {
        Operation = origin.Operation;
        Flags = origin.Flags;
        Offset = origin.Offset;
        Length = origin.Length;
        FirstBio = origin.FirstBio;
        Segments = origin.Segments;
        Origin = origin;
    }

    /// <summary>
    /// Of a clone in flight: its origin does not need it any more. It has other memory and another
    /// owner.
    /// </summary>
    internal void Detach(Bio sink, ICloneOwner owner)
    {
        Invariant.That(sink.Length == Length && sink.Offset == Offset);
        FirstBio = LastBio = sink;
        Segments = sink.Segments;
        Origin = null;
        CloneOwner = owner;
    }

    internal void Append(Bio bio)
    {
        (LastBio ?? FirstBio)!.Next = bio;
        LastBio = bio;
        bio.Next = null;
        Length += bio.Length;
        Segments += bio.Segments;
    }

    internal void Prepend(Bio bio)
    {
        bio.Next = FirstBio;
        LastBio ??= FirstBio;
        FirstBio = bio;
        Offset = bio.Offset;
        Length += bio.Length;
        Segments += bio.Segments;
    }

    /// <summary>Takes over all bios of the request that begins where this one ends.</summary>
    internal void Append(Request next)
    {
        (LastBio ?? FirstBio)!.Next = next.FirstBio;
        LastBio = next.LastBio ?? next.FirstBio;
        Length += next.Length;
        Segments += next.Segments;
    }

    /// <summary>
    /// Ends the bios that <paramref name="bytes"/> cover and moves the start on
    /// (blk_update_request): what is left is all that a retry sends.
    /// </summary>
    internal void Advance(long bytes)
    {
        Invariant.That(bytes >= 0 && bytes <= Length);
        Offset += bytes;
        Length -= bytes;
        while (bytes > 0 && FirstBio is { } bio)
        {
            long left = bio.Length - bio.Done;
            if (bytes < left)
            {
                bio.Done += bytes;
                return;
            }
            bytes -= left;
            FirstBio = bio.Next;
            Segments -= bio.Segments;
            bio.EndWith(BlockStatus.Ok, Stale);
        }
    }

    /// <summary>Ends all bios that are left.</summary>
    internal void EndBios(BlockStatus status)
    {
        Bio? bio = FirstBio;
        FirstBio = null;
        while (bio is not null)
        {
            // It is its owner's again as soon as it has ended.
            Bio? next = bio.Next;
            bio.EndWith(status, Stale);
            bio = next;
        }
    }
}
