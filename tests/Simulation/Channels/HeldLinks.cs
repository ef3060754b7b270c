// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>Between channels on one simulated loop: at once, unless a test holds it back.</summary>
internal sealed class HeldLinks(SimulatedLoop loop, int count) : ILoopLinks
{
    private readonly Queue<Action> _held = new();
    private bool _isHeld;

    public int Count => count;

    public void Post(int from, int to, Action action)
    {
        if (_isHeld) _held.Enqueue(action);
        else loop.Post(action);
    }

    public void Hold() => _isHeld = true;

    public void Release()
    {
        _isHeld = false;
        while (_held.TryDequeue(out Action? action)) loop.Post(action);
    }
}
