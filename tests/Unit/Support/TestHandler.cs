// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Unit.Support;

/// <summary>A hardware handler whose activations the test ends, when and how it says.</summary>
internal sealed class TestHandler(string name) : IHardwareHandler
{
    private readonly Queue<Action<ActivationResult>> _waiting = new();

    public string Name => name;

    /// <summary>Activations that were asked for.</summary>
    public int Activations { get; private set; }

    /// <summary>Of these the ones that have not ended.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Words that it was given, joined; null for none.</summary>
    public string? Parameters { get; private set; }

    public string? SetParameters(IReadOnlyList<string> words)
    {
        Parameters = string.Join(' ', words);
        return Parameters == "bad" ? $"{name} takes no bad words" : null;
    }

    public void Activate(Action<ActivationResult> done)
    {
        Activations++;
        _waiting.Enqueue(done);
    }

    /// <summary>Ends the oldest activation.</summary>
    public void Answer(ActivationResult result) => _waiting.Dequeue()(result);
}
