// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>
/// Bios that wait in a bio-based target for a path (queued_bios), and the work that maps them again
/// (process_queued_bios). Requests never wait here.
/// </summary>
internal sealed class HeldBios(MultipathTarget target, ITargetHost host) : TurnTask
{
    private TargetBio? _first;
    private TargetBio? _last;

    public int Count { get; private set; }

    public void Add(TargetBio bio)
    {
        bio.Next = null;
        if (_last is null) _first = bio;
        else _last.Next = bio;
        _last = bio;
        Count++;
    }

    /// <summary>Maps all of them again at the end of this turn.</summary>
    public void Process()
    {
        if (Count > 0) host.Loop.Schedule(this, TurnPhase.Dispatch);
    }

    protected override void RunTask()
    {
        Invariant.That(target.Kinds == TargetKinds.Bio);
        TargetBio? bio = _first;
        _first = _last = null;
        Count = 0;
        while (bio is not null)
        {
            TargetBio? next = bio.Next;
            bio.Next = null;
            host.Remap(bio);
            bio = next;
        }
    }
}
