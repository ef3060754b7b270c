// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// What another thread asks a loop to do. The sender allocates it, once for many uses if it likes;
/// from <see cref="IoLoop.Post(LoopMessage)"/> until <see cref="Run"/> it belongs to the loop.
/// </summary>
public abstract class LoopMessage
{
    internal LoopMessage? Next { get; set; }

    /// <summary>Runs on the loop's thread, at the start of a turn.</summary>
    protected internal abstract void Run();
}

/// <summary>A message of the control plane that is just a delegate.</summary>
internal sealed class DelegateMessage(Action action) : LoopMessage
{
    protected internal override void Run() => action();
}
