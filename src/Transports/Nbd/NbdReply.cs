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
    public BlockStatus Status { get; set; }

    /// <summary>Bytes of data that have come.</summary>
    public long Bytes => _ordered ? InOrder : _pieces.Bytes;

    /// <summary>Bytes from the start without a gap, as far as is known.</summary>
    public long InOrder { get; private set; }

    public void Begin(long sentAt)
    {
        SentAt = sentAt;
        Status = BlockStatus.Ok;
        InOrder = 0;
        _ordered = true;
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
