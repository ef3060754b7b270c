// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;

namespace Braid.Exports.Nbd;

/// <summary>
/// The commands that one client may have at the same time, made at first use and kept, with the
/// memory of their reply headers.
/// </summary>
internal sealed unsafe class NbdCommandSlots(IBioOwner owner, int client) : IDisposable
{
    /// <summary>Commands of one client at the same time.</summary>
    private const int MaxCommands = 1024;

    /// <summary>The longest reply header: a chunk with an offset, or with an error.</summary>
    private const int HeaderStride = 32;

    private readonly NbdServerCommand?[] _commands = new NbdServerCommand?[MaxCommands];
    private readonly Stack<NbdServerCommand> _free = new();
    private readonly byte* _headers = (byte*)NativeMemory.Alloc(MaxCommands * HeaderStride);
    private int _made;

    /// <summary>Commands that were read and whose reply has not been sent.</summary>
    public int Active => _made - _free.Count;

    public bool IsFull => Active == MaxCommands;

    /// <summary>The command whose bio it is.</summary>
    public NbdServerCommand Of(Bio bio) => _commands[bio.Cookie]!;

    public NbdServerCommand Take()
    {
        if (_free.TryPop(out NbdServerCommand? command)) return command;
        Invariant.That(_made < MaxCommands);
        command = new NbdServerCommand(
            owner, client, _made, _headers + (_made * HeaderStride));
        _commands[_made++] = command;
        return command;
    }

    public void Return(NbdServerCommand command) => _free.Push(command);

    public void Dispose() => NativeMemory.Free(_headers);
}
