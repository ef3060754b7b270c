// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Daemon;

/// <summary>
/// Reads lines from a connection. Its memory grows with the line, up to the limit.
/// </summary>
/// <param name="connection">Not owned.</param>
/// <param name="maxBytes">Of a line, with its end.</param>
public sealed class LineReader(Connection connection, int maxBytes)
{
    private byte[] _buffer = new byte[4096];
    private int _length;

    /// <summary>The next line without its end.</summary>
    /// <exception cref="ControlException">It is too long.</exception>
    /// <exception cref="EndOfStreamException">The peer has ended before it.</exception>
    public async ValueTask<byte[]> ReadAsync(CancellationToken cancel)
    {
        int searched = 0;
        while (true)
        {
            int end = _buffer.AsSpan(searched, _length - searched).IndexOf((byte)'\n');
            if (end >= 0) return Take(searched + end);
            if (_length >= maxBytes)
                throw new ControlException($"a line has at most {maxBytes} bytes");
            searched = _length;
            if (_length == _buffer.Length)
                Array.Resize(ref _buffer, Math.Min(2 * _length, maxBytes));
            int count = await connection.ReadAsync(_buffer.AsMemory(_length), cancel)
                .ConfigureAwait(false);
            if (count == 0) throw new EndOfStreamException("the peer closed the connection");
            _length += count;
        }
    }

    private byte[] Take(int end)
    {
        byte[] line = _buffer[..end];
        _length -= end + 1;
        _buffer.AsSpan(end + 1, _length).CopyTo(_buffer);
        return line;
    }
}
