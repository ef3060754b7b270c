// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Braid.Cli;

/// <summary>
/// I/O per path over time, drawn with block characters; the same for eyes and for pipes.
/// </summary>
internal sealed class DemoPicture(IReadOnlyList<string> paths)
{
    private const string Levels = " ▁▂▃▄▅▆▇█";

    private readonly List<long[]> _samples = [];
    private readonly List<string> _events = [];

    /// <summary>Adds the I/Os of each path since the sample before.</summary>
    public void Add(long[] sample) => _samples.Add(sample);

    /// <summary>Adds a line about what has happened.</summary>
    public void Say(TimeSpan at, string text)
    {
        string time = at.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        _events.Add($"{time,5}s  {text}");
    }

    /// <summary>For a terminal, redrawn in place.</summary>
    public IRenderable Render(string title) =>
        new Rows(Lines(title).Select(line => new Text(line) { Overflow = Overflow.Crop }));

    /// <summary>For a file or a pipe.</summary>
    public string ToText(string title) => string.Concat(Lines(title).Select(line => line + '\n'));

    private IEnumerable<string> Lines(string title)
    {
        yield return title;
        for (int path = 0; path < paths.Count; path++)
            yield return $"  path {paths[path]} |{Row(path)}| {Rate(path),7} IOPS";
        foreach (string line in _events) yield return line;
    }

    private string Row(int path)
    {
        long peak = Math.Max(1, _samples.SelectMany(sample => sample).DefaultIfEmpty(1).Max());
        return string.Concat(_samples.Select(sample => Level(sample[path], peak)));
    }

    private static char Level(long value, long peak) =>
        value == 0 ? Levels[0] : Levels[1 + (int)((value - 1) * (Levels.Length - 1) / peak)];

    private string Rate(int path)
    {
        if (_samples.Count == 0) return "0";
        double perSecond = _samples[^1][path] / DemoCommand.SampleTime.TotalSeconds;
        return perSecond.ToString("0", CultureInfo.InvariantCulture);
    }
}
