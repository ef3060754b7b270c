// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Text;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>
/// The server's side of the fixed newstyle handshake (NBD proto, "Handshake"). Every length from
/// the client is bounded before it is used; an unknown option is answered, not punished.
/// </summary>
internal sealed class NbdServerHandshake(
    Connection connection, IReadOnlyList<NbdExport> exports, int maxPayload,
    CancellationToken cancel)
{
    /// <summary>Id of base:allocation on the wire; any number would do.</summary>
    public const uint AllocationContextId = 1;

    /// <summary>Options of one client; a decent one sends fewer than ten.</summary>
    private const int MaxOptions = 256;

    private bool _noZeroes;
    private bool _structured;
    private NbdExport? _allocationOf;

    /// <summary>
    /// The session; null when the client has aborted, or asked for what is not there.
    /// </summary>
    public async ValueTask<NbdClientSession?> RunAsync()
    {
        await GreetAsync().ConfigureAwait(false);
        for (int count = 0; count < MaxOptions; count++)
        {
            byte[] bytes = await ReadAsync(NbdProtocol.OptionHeaderSize).ConfigureAwait(false);
            if (!NbdOptionHeader.TryRead(bytes, out NbdOptionHeader header))
                throw new IOException("wrong magic in an option");
            if (header.Length > NbdProtocol.MaxOptionData)
                throw new IOException($"an option of {header.Length} bytes");
            byte[] data = await ReadAsync((int)header.Length).ConfigureAwait(false);
            (bool over, NbdClientSession? session) = await AnswerAsync(header.Option, data)
                .ConfigureAwait(false);
            if (over) return session;
        }
        throw new IOException($"more than {MaxOptions} options");
    }

    private async ValueTask GreetAsync()
    {
        byte[] greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, NbdProtocol.InitMagic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), NbdProtocol.OptionMagic);
        const NbdHandshakeFlags Flags =
            NbdHandshakeFlags.FixedNewstyle | NbdHandshakeFlags.NoZeroes;
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), (ushort)Flags);
        await connection.WriteAsync(greeting, cancel).ConfigureAwait(false);
        byte[] answer = await ReadAsync(4).ConfigureAwait(false);
        uint flags = BinaryPrimitives.ReadUInt32BigEndian(answer);
        if ((flags & ~(uint)Flags) != 0)
            throw new IOException($"unknown client flags {flags:x}");
        _noZeroes = (flags & (uint)NbdHandshakeFlags.NoZeroes) != 0;
    }

    /// <summary>True when the handshake is over, with the session or with none.</summary>
    private async ValueTask<(bool Over, NbdClientSession? Session)> AnswerAsync(
        NbdOption option, byte[] data)
    {
        switch (option)
        {
            case NbdOption.ExportName:
                return (true, await ExportNameAsync(data).ConfigureAwait(false));
            case NbdOption.Abort:
                await ReplyAsync(option, NbdOptionReply.Ack, []).ConfigureAwait(false);
                return (true, null);
            case NbdOption.List:
                await ListAsync(data).ConfigureAwait(false);
                break;
            case NbdOption.Info or NbdOption.Go:
                NbdClientSession? session = await InfoAsync(option, data).ConfigureAwait(false);
                if (session is not null && option == NbdOption.Go) return (true, session);
                break;
            case NbdOption.StructuredReply:
                _structured |= data.Length == 0;
                NbdOptionReply reply = data.Length == 0
                    ? NbdOptionReply.Ack
                    : NbdOptionReply.Invalid;
                await ReplyAsync(option, reply, []).ConfigureAwait(false);
                break;
            case NbdOption.ListMetaContext or NbdOption.SetMetaContext:
                await MetaContextAsync(option, data).ConfigureAwait(false);
                break;
            case NbdOption.StartTls:
            default:
                await ReplyAsync(option, NbdOptionReply.Unsupported, []).ConfigureAwait(false);
                break;
        }
        return (false, null);
    }

    private async ValueTask<NbdClientSession?> ExportNameAsync(byte[] data)
    {
        NbdExport? export = Find(Encoding.UTF8.GetString(data));
        // EXPORT_NAME has no error reply: the connection ends (NBD proto).
        if (export is null) return null;
        byte[] answer = new byte[_noZeroes ? 10 : 10 + 124];
        WriteExport(answer, export);
        await connection.WriteAsync(answer, cancel).ConfigureAwait(false);
        return Session(export);
    }

    private async ValueTask ListAsync(byte[] data)
    {
        if (data.Length > 0)
        {
            await ReplyAsync(NbdOption.List, NbdOptionReply.Invalid, []).ConfigureAwait(false);
            return;
        }
        foreach (NbdExport export in exports)
        {
            byte[] name = Encoding.UTF8.GetBytes(export.Name);
            byte[] body = new byte[4 + name.Length];
            BinaryPrimitives.WriteUInt32BigEndian(body, (uint)name.Length);
            name.CopyTo(body, 4);
            await ReplyAsync(NbdOption.List, NbdOptionReply.Server, body).ConfigureAwait(false);
        }
        await ReplyAsync(NbdOption.List, NbdOptionReply.Ack, []).ConfigureAwait(false);
    }

    /// <summary>INFO and GO; null when the export cannot be had and the client may go on.</summary>
    private async ValueTask<NbdClientSession?> InfoAsync(NbdOption option, byte[] data)
    {
        var reader = new OptionReader(data);
        string? name = reader.TakeString();
        int requests = reader.TakeUInt16();
        if (name is null || requests < 0 || reader.Left != requests * sizeof(ushort))
        {
            await ReplyAsync(option, NbdOptionReply.Invalid, []).ConfigureAwait(false);
            return null;
        }
        if (Find(name) is not { } export)
        {
            await ReplyAsync(option, NbdOptionReply.Unknown, []).ConfigureAwait(false);
            return null;
        }
        byte[] info = new byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)NbdInfo.Export);
        WriteExport(info.AsSpan(2), export);
        await ReplyAsync(option, NbdOptionReply.Info, info).ConfigureAwait(false);
        await ReplyAsync(option, NbdOptionReply.Info, BlockSizes(export)).ConfigureAwait(false);
        await ReplyAsync(option, NbdOptionReply.Ack, []).ConfigureAwait(false);
        return Session(export);
    }

    private async ValueTask MetaContextAsync(NbdOption option, byte[] data)
    {
        bool isSet = option == NbdOption.SetMetaContext;
        if (isSet) _allocationOf = null;
        var reader = new OptionReader(data);
        string? name = reader.TakeString();
        bool wanted = WantsAllocation(ref reader, isList: !isSet, out bool isValid);
        NbdExport? export = name is null ? null : Find(name);
        if (!_structured || name is null || !isValid)
        {
            await ReplyAsync(option, NbdOptionReply.Invalid, []).ConfigureAwait(false);
            return;
        }
        if (export is null)
        {
            await ReplyAsync(option, NbdOptionReply.Unknown, []).ConfigureAwait(false);
            return;
        }
        if (wanted)
        {
            byte[] context = Encoding.UTF8.GetBytes(NbdProtocol.AllocationContext);
            byte[] body = new byte[4 + context.Length];
            BinaryPrimitives.WriteUInt32BigEndian(body, isSet ? AllocationContextId : 0);
            context.CopyTo(body, 4);
            if (isSet) _allocationOf = export;
            await ReplyAsync(option, NbdOptionReply.MetaContext, body).ConfigureAwait(false);
        }
        await ReplyAsync(option, NbdOptionReply.Ack, []).ConfigureAwait(false);
    }

    /// <summary>
    /// Looks for base:allocation among the queries; a list without queries wants all there is.
    /// </summary>
    private static bool WantsAllocation(ref OptionReader reader, bool isList, out bool isValid)
    {
        long queries = reader.TakeUInt32();
        bool wanted = isList && queries == 0;
        isValid = queries >= 0;
        for (long i = 0; i < queries && isValid; i++)
        {
            string? query = reader.TakeString();
            isValid = query is not null;
            wanted |= query == NbdProtocol.AllocationContext || (isList && query == "base:");
        }
        isValid &= reader.Left == 0;
        return wanted;
    }

    private NbdClientSession Session(NbdExport export) =>
        new(export, _structured, _structured && _allocationOf == export);

    /// <summary>The export of that name; the empty name is the first one.</summary>
    private NbdExport? Find(string name) =>
        name.Length == 0 && exports.Count > 0
            ? exports[0]
            : exports.FirstOrDefault(export => export.Name == name);

    private static void WriteExport(Span<byte> to, NbdExport export)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to, (ulong)export.SizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(to[8..], (ushort)export.Flags);
    }

    private byte[] BlockSizes(NbdExport export)
    {
        byte[] info = new byte[14];
        uint minimum = (uint)export.Limits.LogicalBlockSize;
        uint preferred = Math.Max(minimum, NbdProtocol.DefaultPreferredBlock);
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)NbdInfo.BlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(2), minimum);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(6), preferred);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(10), (uint)maxPayload);
        return info;
    }

    private async ValueTask ReplyAsync(NbdOption option, NbdOptionReply reply, byte[] body)
    {
        byte[] message = new byte[NbdProtocol.OptionReplyHeaderSize + body.Length];
        new NbdOptionReplyHeader(option, reply, (uint)body.Length).Write(message);
        body.CopyTo(message, NbdProtocol.OptionReplyHeaderSize);
        await connection.WriteAsync(message, cancel).ConfigureAwait(false);
    }

    private async ValueTask<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await connection.ReadExactlyAsync(bytes, cancel).ConfigureAwait(false);
        return bytes;
    }
}
