// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Text;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>Takes an option's data apart; says by a null or a -1 that it is too short.</summary>
internal struct OptionReader(byte[] data)
{
    private int _position;

    /// <summary>Bytes that were not taken.</summary>
    public readonly int Left => data.Length - _position;

    /// <summary>A string with its 32-bit length before it; null when it does not fit.</summary>
    public string? TakeString()
    {
        long length = TakeUInt32();
        if (length < 0 || length > NbdProtocol.MaxString || length > Left) return null;
        string text = Encoding.UTF8.GetString(data, _position, (int)length);
        _position += (int)length;
        return text;
    }

    public int TakeUInt16()
    {
        if (Left < sizeof(ushort)) return -1;
        int value = BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(_position));
        _position += sizeof(ushort);
        return value;
    }

    public long TakeUInt32()
    {
        if (Left < sizeof(uint)) return -1;
        long value = BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(_position));
        _position += sizeof(uint);
        return value;
    }
}
