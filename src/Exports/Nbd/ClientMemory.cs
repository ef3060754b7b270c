// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;

namespace Braid.Exports.Nbd;

/// <summary>
/// What one client holds of the loop's I/O memory, and how much that may be. And a spare buffer of
/// its own: with it a short command is done however little memory the others leave. On the loop.
/// </summary>
internal sealed unsafe class ClientMemory(BufferPool pool) : IDisposable
{
    /// <summary>
    /// Bytes of the spare buffer, touched when it is used: 64 MiB at the most, of the most clients.
    /// </summary>
    public const int SpareBytes = 64 * 1024;

    /// <summary>
    /// Bytes that the commands of one client hold, a command more at the most: a quarter of the
    /// default pool. The less of the pool is free, the less it may be: <see cref="MayTake"/>.
    /// </summary>
    private const long MaxHeld = 64L << 20;

    private byte* _spare;
    private bool _isSpareUsed;

    /// <summary>Bytes of the pool that its commands hold.</summary>
    public long Held { get; private set; }

    /// <summary>
    /// Who holds nothing may always take one command. Who holds something may take more only up to
    /// half of what the others leave: however many clients do not read their replies, each leaves
    /// as much as it has. And while anybody waits it takes no more: in line it would wait for the
    /// others, with nothing it holds it has its spare buffer.
    /// Whoever is stopped here goes on when its own replies have been sent.
    /// </summary>
    public bool MayTake(long length) =>
        (Held == 0 && !_isSpareUsed)
        || (Held < MaxHeld && !pool.HasWaiters
            && Held + length <= (pool.Bytes - pool.InUse) / 2);

    /// <summary>
    /// Memory for 1 to <see cref="BufferPool.MaxBuffer"/> bytes; null when there is none now.
    /// </summary>
    public byte* TryAllocate(int length)
    {
        byte* data = pool.TryAllocate(length);
        if (data is null) return TakeSpare(length);
        Held += BufferPool.Rounded(length);
        return data;
    }

    /// <summary>
    /// Takes back what a bio was given. Whoever waits for memory is served in here, which may be
    /// the command of this bio.
    /// </summary>
    public void Free(Bio bio)
    {
        int length = bio.HasData ? (int)bio.Length : BufferPool.MinBuffer;
        byte* data = bio.Data;
        bio.Data = null;
        if (data == _spare)
        {
            _isSpareUsed = false;
            return;
        }
        Held -= BufferPool.Rounded(length);
        pool.Free(data, length);
    }

    public void Dispose() => NativeMemory.AlignedFree(_spare);

    /// <summary>For who holds nothing: others could keep it waiting as long as they like.</summary>
    private byte* TakeSpare(int length)
    {
        if (Held > 0 || _isSpareUsed || length > SpareBytes) return null;
        if (_spare is null)
            _spare = (byte*)NativeMemory.AlignedAlloc(SpareBytes, BufferPool.MinBuffer);
        _isSpareUsed = true;
        return _spare;
    }
}
