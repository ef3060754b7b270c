// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// What happened at which virtual time: lines for people, the last ones kept, and a hash over all
/// of it, by which two runs of one seed are compared.
/// </summary>
/// <param name="loop">Whose time it is.</param>
/// <param name="isFull">Keeps all lines, and one for each I/O.</param>
internal sealed class SimTrace(SimulatedLoop loop, bool isFull)
{
    /// <summary>Of a run among many: the story of the last seconds.</summary>
    private const int MaxKept = 200;

    private readonly Queue<string> _lines = new();

    /// <summary>FNV-1a over all that was told.</summary>
    public ulong Hash { get; private set; } = 0xcbf29ce484222325;

    public IEnumerable<string> Lines => _lines;

    public bool IsFull => isFull;

    /// <summary>Something that happened.</summary>
    public void Tell(string text)
    {
        Mix((ulong)loop.NowNs);
        foreach (char c in text) Hash = (Hash ^ c) * 0x100000001b3;
        Keep(text);
    }

    /// <summary>An I/O, told only in a full trace.</summary>
    public void TellIo(ulong what, string verb, SimIo io)
    {
        Mix((ulong)loop.NowNs);
        Mix(what);
        if (isFull) Keep($"{verb} {io}");
    }

    private void Mix(ulong value) => Hash = (Hash ^ value) * 0x100000001b3;

    private void Keep(string text)
    {
        double seconds = loop.NowNs / 1e9;
        _lines.Enqueue(
            string.Create(CultureInfo.InvariantCulture, $"{seconds,12:0.000000}  {text}"));
        if (!isFull && _lines.Count > MaxKept) _lines.Dequeue();
    }
}
