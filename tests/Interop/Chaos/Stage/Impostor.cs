// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>What an impostor does.</summary>
internal enum ImpostorKind
{
    /// <summary>Accepts, and never says a word.</summary>
    Mute,

    /// <summary>Shakes hands, and answers no command.</summary>
    Deaf,

    /// <summary>Shakes hands and answers a checker's probe, but no other command.</summary>
    Trap,
}

/// <summary>Stands where a server was.</summary>
internal sealed class Impostor : IAsyncDisposable
{
    /// <summary>
    /// NBD_FLAG_SEND_FUA, _TRIM, _WRITE_ZEROES, _CAN_MULTI_CONN: one that can do less than before
    /// would be refused at once.
    /// </summary>
    private const ushort AllThatIsPromised = 8 | 32 | 64 | 256;

    /// <summary>A probe reads the first block.</summary>
    private const int ProbeBytes = 4096;

    private readonly LyingServer _server;
    private readonly string _volume;

    public Impostor(Socket listening, ImpostorKind kind, string volume)
    {
        _volume = volume;
        _server = new LyingServer(listening, (nbd, _) => PlayAsync(nbd, kind));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task PlayAsync(RawNbd nbd, ImpostorKind kind)
    {
        if (kind != ImpostorKind.Mute)
        {
            await LyingServer.ShakeHandsAsync(
                nbd, new FileInfo(_volume).Length, structured: true, AllThatIsPromised);
        }
        if (kind == ImpostorKind.Trap) await AnswerProbesAsync(nbd);
        else await LyingServer.BeSilentAsync(nbd);
    }

    private async Task AnswerProbesAsync(RawNbd nbd)
    {
        while (true)
        {
            RawRequest request = await nbd.RequestAsync();
            if (request is not { Type: RawNbd.Read, Offset: 0, Length: <= ProbeBytes }) continue;
            using FileStream file = File.Open(
                _volume, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] data = new byte[request.Length];
            await file.ReadExactlyAsync(data);
            await nbd.SendAsync(
                RawNbd.StructuredReplyMagic, RawNbd.ChunkDone, RawNbd.ChunkData, request.Cookie,
                (uint)(sizeof(ulong) + data.Length), 0ul, data);
        }
    }
}
