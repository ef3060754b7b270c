// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Whose bio it is: a client's command, a split, the mapper.</summary>
public interface IBioOwner
{
    /// <summary>
    /// The bio has ended, with <see cref="Bio.Status"/>. It is the owner's again.
    /// </summary>
    void EndBio(Bio bio);
}

/// <summary>
/// One I/O as its owner sees it (struct bio). The owner allocates it, once for many uses, fills it
/// and submits it; it is the queue's until <see cref="IBioOwner.EndBio"/>. Loop's thread only.
/// </summary>
public sealed unsafe class Bio
{
    public Bio(IBioOwner owner) => Owner = owner;

    public IBioOwner Owner { get; set; }

    public BlockOperation Operation { get; set; }

    public BioFlags Flags { get; set; }

    /// <summary>Bytes from the start of the device.</summary>
    public long Offset { get; set; }

    /// <summary>Bytes. At most <see cref="int.MaxValue"/> with data.</summary>
    public long Length { get; set; }

    /// <summary>
    /// What is written, or where a read goes; null for operations without data. Owned by the owner,
    /// who leaves it alone until the end.
    /// </summary>
    public byte* Data { get; set; }

    /// <summary>
    /// The memory lies in pieces of so many bytes, of which each counts as a range of its own; 0
    /// for one piece.
    /// </summary>
    public int SegmentBytes { get; set; }

    /// <summary>
    /// Bytes done already: after a partial completion only the rest is tried again.
    /// </summary>
    public long Done { get; internal set; }

    /// <summary>How it ended; meaningful in <see cref="IBioOwner.EndBio"/>.</summary>
    public BlockStatus Status { get; set; }

    /// <summary>
    /// For <see cref="BlockOperation.Extents"/>: extents that were written to Data.
    /// </summary>
    public int ExtentCount { get; set; }

    /// <summary>Whose turn it takes where it has to wait: a number that its client has.</summary>
    public int Client { get; set; }

    /// <summary>The owner's own mark.</summary>
    public int Cookie { get; set; }

    /// <summary>
    /// Copies of it that may still land, of a write whose path was given up; meaningful in
    /// <see cref="IBioOwner.EndBio"/>, whatever the status.
    /// </summary>
    public StaleWrite? Stale { get; internal set; }

    /// <summary>Next bio of the same request or list.</summary>
    public Bio? Next { get; internal set; }

    /// <summary>Of a part of a split bio: the whole.</summary>
    internal Bio? Parent { get; set; }

    /// <summary>Of a split bio: parts that have not ended.</summary>
    internal int Parts { get; set; }

    /// <summary>Where the data of the undone part begins.</summary>
    public byte* Cursor => Data + Done;

    /// <summary>Bytes that are not done yet.</summary>
    public int Left => (int)(Length - Done);

    public long End => Offset + Length;

    public bool HasData => Operation is BlockOperation.Read or BlockOperation.Write;

    /// <summary>Ranges of memory.</summary>
    internal int Segments => !HasData ? 0
        : SegmentBytes == 0 ? 1 : (int)((Length + SegmentBytes - 1) / SegmentBytes);

    /// <summary>Not a read and not a query: changes what is stored, or when.</summary>
    public bool IsWrite => Operation is not (BlockOperation.Read or BlockOperation.Extents);

    /// <summary>Ends the bio; the owner may use it again at once.</summary>
    public void EndWith(BlockStatus status, StaleWrite? stale = null)
    {
        Status = status;
        Stale = stale;
        Done = 0;
        Next = null;
        Owner.EndBio(this);
    }
}
