// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Transports.Nbd;

/// <summary>What has come of the reply to one tag's request. Allocated once for each tag.</summary>
internal sealed class NbdReply
{
    private readonly Coverage _pieces = new();
    private bool _ordered;

    /// <summary>The stream's offset at which the request had been sent whole.</summary>
    public long SentAt { get; set; }

    /// <summary>The first error of the reply, or Ok.</summary>
    public BlockStatus Status { get; private set; }

    /// <summary>
    /// Bytes from the start that a failed read has got all the same: those that had come without a
    /// gap before the error.
    /// </summary>
    public long GoodBeforeError { get; private set; }

    /// <summary>Bytes of data that have come.</summary>
    public long Bytes => _ordered ? InOrder : _pieces.Bytes;

    /// <summary>Bytes from the start without a gap, as far as is known.</summary>
    public long InOrder { get; private set; }

    public void Begin(long sentAt)
    {
        SentAt = sentAt;
        Status = BlockStatus.Ok;
        GoodBeforeError = 0;
        InOrder = 0;
        _ordered = true;
    }

    /// <summary>An error has come; the first one counts.</summary>
    public void Fail(BlockStatus status)
    {
        if (Status != BlockStatus.Ok) return;
        Status = status == BlockStatus.Ok ? BlockStatus.IoError : status;
        GoodBeforeError = InOrder;
    }

    /// <summary>
    /// Accounts a piece of data at a position within the read. False when that came before.
    /// </summary>
    public bool TryAdd(long position, long length)
    {
        if (_ordered && position == InOrder)
        {
            InOrder += length;
            return true;
        }
        if (_ordered)
        {
            _ordered = false;
            _pieces.Clear();
            if (InOrder > 0) _pieces.TryAdd(0, InOrder);
        }
        return _pieces.TryAdd(position, length);
    }
}
