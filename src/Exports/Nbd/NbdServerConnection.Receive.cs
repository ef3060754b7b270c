// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>Down: from bytes to commands, to bios ("Transmission", NBD proto).</summary>
internal sealed unsafe partial class NbdServerConnection
{
    private const NbdCommandFlags KnownFlags = NbdCommandFlags.Fua | NbdCommandFlags.NoHole
        | NbdCommandFlags.Df | NbdCommandFlags.ReqOne | NbdCommandFlags.FastZero;

    /// <summary>The write whose payload is under way.</summary>
    private NbdServerCommand? _receiving;

    /// <summary>The command that waits for memory; nothing is read meanwhile.</summary>
    private NbdServerCommand? _waiting;
    private bool _isQueuedForMemory;

    /// <summary>Bytes to be thrown away: the payload of a write that was refused.</summary>
    private long _skip;

    /// <summary>Memory has come back: the command that waited goes on.</summary>
    public bool OnMemory()
    {
        if (_waiting is { } command)
        {
            _waiting = null;
            if (command == _receiving) BeginBio(command);
            else SubmitRead(command);
            if (_waiting is not null) return false;
            _others.Served();
        }
        _isQueuedForMemory = false;
        // Not from here: others wait, and this may be inside somebody's end.
        _server.Loop.Post(Resume);
        return true;
    }

    private void Parse()
    {
        while (_stream.IsOpen)
        {
            if (_receiving is { } command)
            {
                if (_waiting is not null || !_receive.FillPayload()) return;
                EndOfPayload(command);
            }
            else if (_skip > 0)
            {
                int count = (int)Math.Min(_skip, _receive.Available);
                _receive.Skip(count);
                _skip -= count;
                if (_skip > 0) return;
            }
            else if (!CanTakeMore)
            {
                _paused = true;
                return;
            }
            else if (!ParseOne())
            {
                return;
            }
        }
    }

    /// <summary>Takes one command. False when not enough of it is there.</summary>
    private bool ParseOne()
    {
        if (_receive.Available < NbdProtocol.RequestSize) return false;
        var staged = new ReadOnlySpan<byte>(_receive.Staged, NbdProtocol.RequestSize);
        if (!NbdRequest.TryRead(staged, out NbdRequest request))
        {
            _stream.Close("the client breaks the NBD protocol: wrong magic in a command");
            return false;
        }
        _receive.Skip(NbdProtocol.RequestSize);
        if (request.Command == NbdCommand.Disconnect)
        {
            Drain();
            return false;
        }
        NbdServerCommand command = TakeSlot();
        command.Begin(request);
        NbdError error = Check(request);
        if (error == NbdError.None)
        {
            Start(command);
            return true;
        }
        if (request.Command == NbdCommand.Write) _skip = request.Length;
        Reply(command, error);
        return true;
    }

    private NbdError Check(NbdRequest request)
    {
        if ((request.Flags & ~KnownFlags) != 0) return NbdError.Invalid;
        switch (request.Command)
        {
            case NbdCommand.Flush:
                return NbdError.None;
            case NbdCommand.Read or NbdCommand.Cache:
                return CheckRange(request, NbdError.Invalid);
            case NbdCommand.BlockStatus:
                return _session.Allocation
                    ? CheckRange(request, NbdError.Invalid)
                    : NbdError.Invalid;
            case NbdCommand.Write or NbdCommand.WriteZeroes:
                return _session.Export.Limits.ReadOnly
                    ? NbdError.NotPermitted
                    : CheckRange(request, NbdError.NoSpace);
            case NbdCommand.Trim:
                return _session.Export.Limits.ReadOnly
                    ? NbdError.NotPermitted
                    : CheckRange(request, NbdError.Invalid);
            case NbdCommand.Disconnect:
            default:
                return NbdError.Invalid;
        }
    }

    private NbdError CheckRange(NbdRequest request, NbdError beyondEnd)
    {
        if (request.Length == 0) return NbdError.Invalid;
        bool hasPayload = request.Command is NbdCommand.Read or NbdCommand.Write;
        if (hasPayload && request.Length > NbdProtocol.MaxPayload) return NbdError.Invalid;
        // It would wait for more memory than there is; a write takes its memory in parts.
        bool isTooLong = request.Command == NbdCommand.Read && request.Length > _others.Pool.Bytes;
        if (isTooLong) return NbdError.Invalid;
        ulong size = (ulong)_session.Export.SizeBytes;
        if (request.Offset > size || request.Length > size - request.Offset) return beyondEnd;
        ulong mask = (ulong)_session.Export.Limits.LogicalBlockSize - 1;
        return ((request.Offset | request.Length) & mask) == 0 ? NbdError.None : NbdError.Invalid;
    }

    private void Start(NbdServerCommand command)
    {
        NbdRequest request = command.Request;
        BioFlags flags = (request.Flags & NbdCommandFlags.Fua) != 0 ? BioFlags.Fua : BioFlags.None;
        switch (request.Command)
        {
            case NbdCommand.Read:
                SubmitRead(command);
                break;
            case NbdCommand.Write:
                _receiving = command;
                BeginBio(command);
                break;
            case NbdCommand.Flush:
                command.Request = request with { Offset = 0, Length = 0 };
                SubmitLast(command, command.AddBio(BlockOperation.Flush, BioFlags.None));
                break;
            case NbdCommand.Trim:
                SubmitLast(command, command.AddBio(BlockOperation.Discard, flags));
                break;
            case NbdCommand.WriteZeroes:
                if ((request.Flags & NbdCommandFlags.NoHole) != 0) flags |= BioFlags.NoUnmap;
                SubmitLast(command, command.AddBio(BlockOperation.WriteZeroes, flags));
                break;
            case NbdCommand.BlockStatus:
                SubmitExtents(command);
                break;
            case NbdCommand.Cache:
                // Nothing is kept here that could be filled.
                EndOne(command);
                break;
            case NbdCommand.Disconnect:
            default:
                Invariant.Broken($"NBD command {request.Command}");
                break;
        }
    }

    /// <summary>
    /// All memory of a read or none of it: half of it would keep others from theirs.
    /// </summary>
    private void SubmitRead(NbdServerCommand command)
    {
        while (command.Covered < command.Request.Length)
        {
            Bio? bio = command.TryAddBio(_memory, BlockOperation.Read, BioFlags.None);
            if (bio is not null) continue;
            command.FreeMemory(_memory);
            WaitForMemory(command);
            return;
        }
        command.Pending += command.Bios;
        int bios = command.Bios;
        for (int i = 0; i < bios; i++) _device.Submit(command.BioAt(i));
        EndOne(command);
    }

    /// <summary>The extents go into memory of their own, as many as fit into a page.</summary>
    private void SubmitExtents(NbdServerCommand command)
    {
        Bio bio = command.AddExtentsBio(_memory);
        // Without memory the answer is the one that is always right: all is allocated.
        if (bio.Data is null) EndOne(command);
        else SubmitLast(command, bio);
    }

    /// <summary>Memory for the next part of a write, then its payload.</summary>
    private void BeginBio(NbdServerCommand command)
    {
        NbdCommandFlags wire = command.Request.Flags;
        BioFlags flags = (wire & NbdCommandFlags.Fua) != 0 ? BioFlags.Fua : BioFlags.None;
        Bio? bio = command.TryAddBio(_memory, BlockOperation.Write, flags);
        if (bio is null)
        {
            WaitForMemory(command);
            return;
        }
        _receive.BeginPayload();
        _receive.AddPayload(bio.Data, (int)bio.Length);
    }

    private void EndOfPayload(NbdServerCommand command)
    {
        Bio bio = command.BioAt(command.Bios - 1);
        bool isLast = command.Covered == command.Request.Length;
        if (isLast) _receiving = null;
        else command.Pending++;
        _device.Submit(bio);
        if (!isLast) BeginBio(command);
    }

    private void SubmitLast(NbdServerCommand command, Bio bio)
    {
        Invariant.That(command.Pending == 1);
        _device.Submit(bio);
    }

    private void WaitForMemory(NbdServerCommand command)
    {
        _waiting = command;
        // What is staged belongs before all that comes: whoever asks for more is told to wait until
        // Resume has looked at it, also when the memory is there before.
        _paused = true;
        if (_isQueuedForMemory) return;
        _isQueuedForMemory = true;
        _others.Wait(this);
    }

    /// <summary>
    /// The client has gone: a payload that is not whole is dropped, what was whole goes on alone.
    /// Whoever calls looks afterwards whether that was the last command.
    /// </summary>
    private void AbandonReceiving()
    {
        NbdServerCommand? command = _receiving ?? _waiting;
        _receiving = _waiting = null;
        if (command is not null && --command.Pending == 0) Release(command);
    }
}
