// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// One connection of a server: requests in, each done and answered in its own time, in any order.
/// What the client sends must be allowed by what it was told.
/// </summary>
internal sealed class SimSession(SimServer server, SimulatedConnection client)
{
    private readonly SimReplies _replies = new(server);
    private readonly HashSet<ulong> _answered = [];
    private readonly Queue<SimRequest> _waiting = new();
    private int _active;
    private byte[] _buffer = new byte[16 * 1024];
    private int _head;
    private int _tail;
    private bool _isStructured;

    /// <summary>The server's side of it is over.</summary>
    public bool IsOver { get; private set; }

    public SimServer Server => server;

    private SimManners Manners => server.Manners;

    private SimWorld World => server.World;

    public async Task RunAsync()
    {
        try
        {
            if (await BeginAsync().ConfigureAwait(false)) await ServeAsync().ConfigureAwait(false);
        }
        catch (EndOfStreamException)
        {
            // The client has gone.
        }
        End();
    }

    /// <summary>Nothing more is read or answered.</summary>
    public void End()
    {
        if (IsOver) return;
        IsOver = true;
        client.Dispose();
        server.Ended(this);
    }

    /// <summary>Says that a request is done, which it is not yet.</summary>
    public void AnswerAtOnce(NbdRequest wire)
    {
        byte[] reply = _replies.Good(new SimRequest(wire, []), _isStructured);
        _ = client.WriteAsync(reply, CancellationToken.None).AsTask();
        _answered.Add(wire.Cookie);
    }

    /// <summary>False when it says nothing.</summary>
    private async Task<bool> BeginAsync()
    {
        if (Manners.IsMute)
        {
            while (await client.ReadAsync(_buffer, CancellationToken.None)
                .ConfigureAwait(false) > 0)
            {
                // It takes it all.
            }
            return false;
        }
        long size = Manners.ClaimedBytes > 0 ? Manners.ClaimedBytes : World.Volume.SizeBytes;
        var handshake = new SimHandshake(client, server.Kind, size);
        await handshake.RunAsync().ConfigureAwait(false);
        _isStructured = handshake.IsStructured;
        return true;
    }

    private async Task ServeAsync()
    {
        while (!IsOver)
        {
            MakeRoom();
            int count = await client.ReadAsync(_buffer.AsMemory(_tail), CancellationToken.None)
                .ConfigureAwait(false);
            if (count == 0) return;
            _tail += count;
            while (!IsOver && TryTake())
            {
                // The next request.
            }
        }
    }

    private void MakeRoom()
    {
        Buffer.BlockCopy(_buffer, _head, _buffer, 0, _tail - _head);
        _tail -= _head;
        _head = 0;
        if (_tail > _buffer.Length / 2) Array.Resize(ref _buffer, _buffer.Length * 2);
    }

    /// <summary>Takes a request; false when not all of it has come.</summary>
    private bool TryTake()
    {
        ReadOnlySpan<byte> staged = _buffer.AsSpan(_head, _tail - _head);
        if (staged.Length < NbdProtocol.RequestSize) return false;
        if (!NbdRequest.TryRead(staged, out NbdRequest request))
        {
            World.Fail($"{server.Name} was sent what is no request");
            return false;
        }
        bool isWrite = request.Command == NbdCommand.Write;
        int length = NbdProtocol.RequestSize + (isWrite ? (int)request.Length : 0);
        if (staged.Length < length) return false;
        _head += length;
        if (SimRules.Breach(request, server.Kind, World.Volume.SizeBytes) is { } breach)
            World.Fail($"{server.Name} was sent what it does not take: {request}: {breach}");
        else if (request.Command == NbdCommand.Disconnect)
            End();
        else
            Start(new SimRequest(request, staged[NbdProtocol.RequestSize..length].ToArray()));
        World.Breakage?.OnRequest(this, request);
        return true;
    }

    private void Start(SimRequest request)
    {
        if (server.Random.Chance(Manners.Unanswered)) return;
        request.Error = SimErrors.Draw(server.Random, Manners);
        if (SimErrors.IsHard(request.Error)) World.Excuses.NoteHardError();
        request.DeadNs = server.SentNs + World.Plan.LatestNs;
        server.Pending++;
        if (_active == server.Kind.MostActive) _waiting.Enqueue(request);
        else Serve(request);
    }

    private void Serve(SimRequest request)
    {
        _active++;
        World.After(server.Random.Wait(Manners.ServiceNs), () => Do(request));
    }

    /// <summary>What the server had handed on when it died is in no cache of its own.</summary>
    private int? Cache => IsOver && World.Plan.HasPrivateCaches ? null : server.Cache;

    /// <summary>Its client has given it up, or it is dead: what it does now comes late.</summary>
    private bool IsCut => IsOver || client.Incoming.IsGivenUp;

    /// <summary>
    /// One that its client has given up may be done late; but no later than it may be guarded
    /// against.
    /// </summary>
    private void Do(SimRequest request)
    {
        long leftNs = request.DeadNs - World.Loop.NowNs;
        if (IsCut && !request.IsLate && leftNs > 0 && server.Random.Chance(500))
        {
            request.IsLate = true;
            World.After(server.Random.Next(leftNs), () => Do(request));
            return;
        }
        if (leftNs > 0 && (!IsCut || request.IsLate))
            request.Do(World, server.Random, Cache);
        else request.IsDropped = true;
        World.After(server.Random.Wait(Manners.ServiceNs), () => Reply(request));
    }

    private void Reply(SimRequest request)
    {
        server.Pending--;
        _active--;
        if (_waiting.TryDequeue(out SimRequest? next)) Serve(next);
        // Flushes that came after it may fail with it.
        if (SimErrors.IsHard(request.Error)) World.Excuses.NoteHardError();
        if (IsCut || request.IsDropped || _answered.Remove(request.Wire.Cookie)) return;
        bool isBreach = server.Random.Chance(Manners.Breaches);
        byte[] reply = isBreach
            ? _replies.Broken(request, _isStructured)
            : _replies.Good(request, _isStructured);
        _ = client.WriteAsync(reply, CancellationToken.None).AsTask();
        if (!isBreach) return;
        World.Trace.Tell($"{server.Name}: breaks the protocol, {_replies.LastBreach}");
        if (_replies.Ends) End();
    }
}
