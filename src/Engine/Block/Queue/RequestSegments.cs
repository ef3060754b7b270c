// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>A range of memory that belongs to a request.</summary>
public readonly unsafe struct RequestSegment(byte* data, int length)
{
    public byte* Data => data;

    /// <summary>Bytes.</summary>
    public int Length => length;
}

/// <summary>
/// The memory behind a part of a request with data, one segment for each bio. Allocates nothing.
/// </summary>
public unsafe ref struct RequestSegments
{
    private Bio? _bio;
    private long _skip;
    private long _left;

    /// <param name="request">A read or a write.</param>
    /// <param name="offset">Bytes from the start of the device, within the request.</param>
    /// <param name="length">Bytes, within the request.</param>
    public RequestSegments(Request request, long offset, long length)
    {
        Io.Invariant.That(offset >= request.Offset && offset + length <= request.End);
        _bio = request.FirstBio;
        _skip = offset - request.Offset;
        _left = length;
        Current = default;
    }

    public RequestSegment Current { get; private set; }

    public readonly RequestSegments GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left == 0) return false;
        while (_skip >= _bio!.Left)
        {
            _skip -= _bio.Left;
            _bio = _bio.Next;
        }
        int length = (int)Math.Min(_left, _bio.Left - _skip);
        Current = new RequestSegment(_bio.Cursor + _skip, length);
        _left -= length;
        _skip = 0;
        _bio = _bio.Next;
        return true;
    }
}
