// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Unit.Support;

/// <summary>A suspend or a resume that was begun.</summary>
internal sealed class Transition
{
    public bool IsDone { get; private set; }

    /// <summary>Why it could not be done.</summary>
    public string? Problem { get; private set; }

    public void Done()
    {
        IsDone.ShouldBeFalse("it was done before");
        IsDone = true;
    }

    public void Done(MapperException? problem)
    {
        Done();
        Problem = problem?.Message;
    }

    public void ShouldBeDone()
    {
        IsDone.ShouldBeTrue();
        Problem.ShouldBeNull();
    }
}

internal static class Transitions
{
    /// <summary>Begins a suspend and runs all turns that need no time.</summary>
    public static Transition Suspend(this MappedDevice map, bool noFlush = false)
    {
        var transition = new Transition();
        map.Suspend(noFlush, transition.Done);
        ((SimulatedLoop)map.Loop).Settle();
        return transition;
    }

    /// <summary>Begins a resume and runs all turns that need no time.</summary>
    public static Transition Resume(this MappedDevice map, bool noFlush = false)
    {
        var transition = new Transition();
        map.Resume(noFlush, transition.Done);
        ((SimulatedLoop)map.Loop).Settle();
        return transition;
    }
}
