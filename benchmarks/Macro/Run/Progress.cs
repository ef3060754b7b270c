// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Braid.Bench.Macro;

/// <summary>What is going on: one line in a terminal, else a line for each pass.</summary>
internal sealed class Progress(TextWriter writer, bool isTerminal)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private string _title = "";

    public void Begin(string title)
    {
        _title = title;
        if (!isTerminal) writer.WriteLine($"{_clock.Elapsed:mm\\:ss} {title}");
    }

    public void Show(string what)
    {
        if (isTerminal) writer.Write($"\r\x1b[K{_clock.Elapsed:mm\\:ss} {_title}: {what}");
    }

    public void End()
    {
        if (isTerminal) writer.Write("\r\x1b[K");
    }
}
