// SPDX-License-Identifier: Apache-2.0
namespace Braid.Wire.Nbd;

/// <summary>
/// Magic numbers and sizes (NBD proto.md; all integers on the wire are big-endian).
/// </summary>
public static class NbdProtocol
{
    /// <summary>"NBDMAGIC", the first 8 bytes of every server.</summary>
    public const ulong InitMagic = 0x4e42444d41474943;

    /// <summary>"IHAVEOPT", the next 8 of a newstyle one, and before every option.</summary>
    public const ulong OptionMagic = 0x49484156454F5054;

    /// <summary>The next 8 of an oldstyle one.</summary>
    public const ulong OldstyleMagic = 0x00420281861253;

    public const ulong OptionReplyMagic = 0x3e889045565a9;
    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;
    public const uint StructuredReplyMagic = 0x668e33ef;

    public const int RequestSize = 28;
    public const int SimpleReplySize = 16;
    public const int ChunkHeaderSize = 20;

    /// <summary>Before the data of an OFFSET_DATA chunk.</summary>
    public const int ChunkOffsetSize = 8;

    public const int OptionHeaderSize = 16;
    public const int OptionReplyHeaderSize = 20;

    /// <summary>Longest name or description ("Values", NBD proto: 4096 bytes).</summary>
    public const int MaxString = 4096;

    /// <summary>
    /// Longest option data taken from a peer: a list of contexts with their names.
    /// </summary>
    public const int MaxOptionData = 64 * 1024;

    /// <summary>Longest payload that is advertised and taken.</summary>
    public const int MaxPayload = 32 * 1024 * 1024;

    /// <summary>What every client may send without asking for limits.</summary>
    public const int DefaultPreferredBlock = 4096;

    /// <summary>The one context we know.</summary>
    public const string AllocationContext = "base:allocation";
}

/// <summary>NBD_FLAG_*, handshake, server.</summary>
[Flags]
public enum NbdHandshakeFlags : ushort
{
    None = 0,
    FixedNewstyle = 1,
    NoZeroes = 2,
}

/// <summary>NBD_FLAG_*, transmission: what an export can do.</summary>
[Flags]
public enum NbdTransmissionFlags : ushort
{
    None = 0,
    HasFlags = 1 << 0,
    ReadOnly = 1 << 1,
    SendFlush = 1 << 2,
    SendFua = 1 << 3,
    Rotational = 1 << 4,
    SendTrim = 1 << 5,
    SendWriteZeroes = 1 << 6,
    SendDf = 1 << 7,
    CanMultiConn = 1 << 8,
    SendResize = 1 << 9,
    SendCache = 1 << 10,
    SendFastZero = 1 << 11,
}

/// <summary>NBD_OPT_*.</summary>
public enum NbdOption : uint
{
    ExportName = 1,
    Abort = 2,
    List = 3,
    StartTls = 5,
    Info = 6,
    Go = 7,
    StructuredReply = 8,
    ListMetaContext = 9,
    SetMetaContext = 10,
}

/// <summary>NBD_REP_*; errors have the top bit.</summary>
public enum NbdOptionReply : uint
{
    Ack = 1,
    Server = 2,
    Info = 3,
    MetaContext = 4,
    Error = 1u << 31,
    Unsupported = Error | 1,
    Policy = Error | 2,
    Invalid = Error | 3,
    Platform = Error | 4,
    TlsRequired = Error | 5,
    Unknown = Error | 6,
    Shutdown = Error | 7,
    BlockSizeRequired = Error | 8,
    TooBig = Error | 9,
}

/// <summary>NBD_INFO_*.</summary>
public enum NbdInfo : ushort
{
    Export = 0,
    Name = 1,
    Description = 2,
    BlockSize = 3,
}

/// <summary>NBD_CMD_*.</summary>
public enum NbdCommand : ushort
{
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
    Cache = 5,
    WriteZeroes = 6,
    BlockStatus = 7,
}

/// <summary>NBD_CMD_FLAG_*.</summary>
[Flags]
public enum NbdCommandFlags : ushort
{
    None = 0,
    Fua = 1 << 0,
    NoHole = 1 << 1,
    Df = 1 << 2,
    ReqOne = 1 << 3,
    FastZero = 1 << 4,
}

/// <summary>NBD_REPLY_TYPE_*; errors have the top bit.</summary>
public enum NbdChunkType : ushort
{
    None = 0,
    OffsetData = 1,
    OffsetHole = 2,
    BlockStatus = 5,
    ErrorBit = 1 << 15,
    Error = ErrorBit | 1,
    ErrorOffset = ErrorBit | 2,
}

/// <summary>NBD_REPLY_FLAG_*.</summary>
[Flags]
public enum NbdChunkFlags : ushort
{
    None = 0,
    Done = 1,
}

/// <summary>Error values ("Error values", NBD proto: Linux errnos whatever the machine).</summary>
public enum NbdError : uint
{
    None = 0,
    NotPermitted = 1,
    Io = 5,
    NoMemory = 12,
    Invalid = 22,
    NoSpace = 28,
    Overflow = 75,
    NotSupported = 95,
    Shutdown = 108,
}
