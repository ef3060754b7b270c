// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Transports.Memory;
using Braid.Block;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>What our server makes of its clients, decent ones and others.</summary>
public sealed class ServerProtocolTests : IDisposable
{
    private const long Size = 1 << 20;

    private static readonly Endpoint At = Endpoint.Unix("/sim/server");

    private readonly SimulatedLoop _loop = new(1);
    private readonly SimulatedNetwork _network;
    private readonly MemoryStore _store = new("volume", Size);
    private readonly BufferPool _pool = new(64 << 20);
    private readonly NbdServer _server;
    private readonly List<string> _log = [];

    public ServerProtocolTests()
    {
        _network = new SimulatedNetwork(_loop);
        var device = new MemoryDevice(_loop, "volume", _store, new QueueOptions());
        device.Start();
        _server = new NbdServer(
            _loop, _network, At, [new NbdExport("x", device)],
            new NbdClients(_loop, _pool), _log.Add);
        _server.Start();
    }

    public void Dispose()
    {
        _loop.RunFor(20_000_000_000);
        _pool.InUse.ShouldBe(0);
        _server.Dispose();
        _store.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_written_is_read(bool structured)
    {
        ScriptedClient client = Connect().Go("x", structured);
        byte[] data = [.. Enumerable.Range(0, 3000).Select(i => (byte)i)];
        client.Command(NbdCommand.Write, 1, 512, 3000, NbdCommandFlags.Fua);
        client.Send(data);
        client.SimpleReply().ShouldBe(new NbdSimpleReply(NbdError.None, 1));
        client.Command(NbdCommand.Read, 2, 512, 3000);
        if (structured)
        {
            (NbdChunk chunk, byte[] body) = client.Chunk();
            chunk.Type.ShouldBe(NbdChunkType.OffsetData);
            chunk.IsDone.ShouldBeTrue();
            BinaryPrimitives.ReadUInt64BigEndian(body).ShouldBe(512UL);
            body[8..].ShouldBe(data);
        }
        else
        {
            client.SimpleReply().ShouldBe(new NbdSimpleReply(NbdError.None, 2));
            client.Read(3000).ShouldBe(data);
        }
        client.Close();
    }

    [Fact]
    public void An_unknown_option_is_answered_and_the_next_one_too()
    {
        ScriptedClient client = Connect();
        client.Option((NbdOption)77, [1, 2, 3]).ShouldBe(NbdOptionReply.Unsupported);
        client.Option(NbdOption.StartTls, []).ShouldBe(NbdOptionReply.Unsupported);
        client.Option(NbdOption.Go, ScriptedClient.NameAndNoInfo("nothing"))
            .ShouldBe(NbdOptionReply.Unknown);
        client.Option(NbdOption.Go, [1, 2]).ShouldBe(NbdOptionReply.Invalid);
        client.Option(NbdOption.SetMetaContext, []).ShouldBe(NbdOptionReply.Invalid);
        client.Option(NbdOption.List, []).ShouldBe(NbdOptionReply.Ack);
        client.Option(NbdOption.Abort, []).ShouldBe(NbdOptionReply.Ack);
        client.IsClosedByServer().ShouldBeTrue();
    }

    /// <summary>
    /// NBD proto: it replaces what was set before, also when it fails or agrees to nothing.
    /// </summary>
    [Theory]
    [InlineData("x", "base:allocation", NbdOptionReply.Ack, NbdChunkType.BlockStatus)]
    [InlineData("nothing", "base:allocation", NbdOptionReply.Unknown, NbdChunkType.Error)]
    [InlineData("x", "qemu:dirty-bitmap:b", NbdOptionReply.Ack, NbdChunkType.Error)]
    [InlineData(null, "", NbdOptionReply.Invalid, NbdChunkType.Error)]
    public void The_last_set_meta_context_counts(
        string? export, string query, NbdOptionReply reply, NbdChunkType answer)
    {
        ScriptedClient client = Connect();
        client.Option(NbdOption.StructuredReply, []).ShouldBe(NbdOptionReply.Ack);
        byte[] agreed = ScriptedClient.NameAndQueries("x", NbdProtocol.AllocationContext);
        client.Option(NbdOption.SetMetaContext, agreed).ShouldBe(NbdOptionReply.Ack);
        byte[] last = export is null ? [] : ScriptedClient.NameAndQueries(export, query);
        client.Option(NbdOption.SetMetaContext, last).ShouldBe(reply);
        // Asking what there is changes nothing.
        byte[] list = ScriptedClient.NameAndQueries("x");
        client.Option(NbdOption.ListMetaContext, list).ShouldBe(NbdOptionReply.Ack);
        client.Go("x", structured: false);
        client.Command(NbdCommand.BlockStatus, 9, 0, 4096);
        client.Chunk().Chunk.Type.ShouldBe(answer);
        IsServed(client);
    }

    [Theory]
    [InlineData(NbdCommand.Read, 0, 0xffffffff, NbdError.Invalid)]
    [InlineData(NbdCommand.Read, Size - 1, 2, NbdError.Invalid)]
    [InlineData(NbdCommand.Read, ulong.MaxValue, 1, NbdError.Invalid)]
    [InlineData(NbdCommand.Read, 0, 0, NbdError.Invalid)]
    [InlineData(NbdCommand.Trim, Size, 1, NbdError.Invalid)]
    [InlineData(NbdCommand.WriteZeroes, Size - 512, 1024, NbdError.NoSpace)]
    [InlineData(NbdCommand.BlockStatus, 0, 512, NbdError.Invalid)]
    [InlineData((NbdCommand)4711, 0, 512, NbdError.Invalid)]
    public void A_command_that_makes_no_sense_is_refused_and_the_next_one_served(
        NbdCommand command, ulong offset, uint length, NbdError error)
    {
        ScriptedClient client = Connect().Go("x", structured: false);
        client.Command(command, 9, offset, length);
        client.SimpleReply().ShouldBe(new NbdSimpleReply(error, 9));
        IsServed(client);
    }

    [Theory]
    [InlineData(Size - 512, 1024, NbdError.NoSpace)]
    [InlineData(0, (32 << 20) + 1, NbdError.Invalid)]
    public void The_payload_of_a_refused_write_is_thrown_away(
        ulong offset, uint length, NbdError error)
    {
        ScriptedClient client = Connect().Go("x", structured: false);
        client.Command(NbdCommand.Write, 9, offset, length);
        client.Send(new byte[length]);
        client.SimpleReply().ShouldBe(new NbdSimpleReply(error, 9));
        IsServed(client);
    }

    [Fact]
    public void Garbage_after_the_handshake_closes_this_connection_and_no_other()
    {
        ScriptedClient decent = Connect().Go("x", structured: true);
        ScriptedClient other = Connect().Go("x", structured: true);
        other.Send(new byte[64]);
        other.IsClosedByServer().ShouldBeTrue();
        _log.ShouldHaveSingleItem().ShouldContain("wrong magic in a command");
        decent.Command(NbdCommand.Flush, 3, 0, 0);
        decent.SimpleReply().ShouldBe(new NbdSimpleReply(NbdError.None, 3));
        decent.Close();
    }

    [Fact]
    public void A_client_may_go_in_the_middle_of_a_payload()
    {
        ScriptedClient client = Connect().Go("x", structured: true);
        client.Command(NbdCommand.Write, 1, 0, 4096);
        client.Send(new byte[1000]);
        client.Close();
        IsServed(Connect().Go("x", structured: false));
    }

    [Fact]
    public void A_client_that_never_shakes_hands_is_cut_off()
    {
        ScriptedClient silent = Connect();
        silent.IsClosedByServer().ShouldBeTrue();
        _log.ShouldHaveSingleItem().ShouldContain("the handshake took too long");
    }

    [Fact]
    public void A_disconnect_waits_for_the_replies_before_it()
    {
        ScriptedClient client = Connect().Go("x", structured: false);
        client.Command(NbdCommand.Read, 1, 0, 512);
        client.Command(NbdCommand.Disconnect, 2, 0, 0);
        client.SimpleReply().ShouldBe(new NbdSimpleReply(NbdError.None, 1));
        client.Read(512);
        client.IsClosedByServer().ShouldBeTrue();
    }

    [Fact]
    public void A_huge_option_closes_the_connection()
    {
        ScriptedClient client = Connect();
        byte[] header = new byte[NbdProtocol.OptionHeaderSize];
        new NbdOptionHeader(NbdOption.ExportName, uint.MaxValue).Write(header);
        client.Send(header);
        client.IsClosedByServer().ShouldBeTrue();
        _log.ShouldHaveSingleItem().ShouldContain("an option of 4294967295 bytes");
    }

    private ScriptedClient Connect() => ScriptedClient.Connect(_loop, _network, At);

    private static void IsServed(ScriptedClient client)
    {
        client.Command(NbdCommand.Flush, 3, 0, 0);
        client.SimpleReply().ShouldBe(new NbdSimpleReply(NbdError.None, 3));
        client.Close();
    }
}
