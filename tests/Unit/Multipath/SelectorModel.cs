// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// The three selectors, written anew from their description with a plain list: its order is the
/// order of use, the least recently used first. Failed paths stay out of it.
/// </summary>
internal sealed class SelectorModel(
    string selector, IReadOnlyList<(int Path, int Throughput)> paths)
{
    private readonly List<int> _order = [.. paths.Select(path => path.Path)];
    private readonly Dictionary<int, decimal> _load = paths.ToDictionary(p => p.Path, _ => 0m);
    private readonly Dictionary<int, int> _throughput =
        paths.ToDictionary(p => p.Path, p => p.Throughput);

    public int? Select(long bytes)
    {
        if (_order.Count == 0) return null;
        int best = _order[0];
        foreach (int path in _order.Skip(1))
            if (IsBetter(path, best, bytes)) best = path;
        _order.Remove(best);
        _order.Add(best);
        return best;
    }

    public void Start(int path, long bytes) => _load[path] += Weight(bytes);

    public void End(int path, long bytes) => _load[path] -= Weight(bytes);

    public void Fail(int path) => _order.Remove(path).ShouldBeTrue();

    public void Reinstate(int path)
    {
        if (selector == "round-robin") _order.Insert(0, path);
        else _order.Add(path);
    }

    public decimal Load(int path) => _load[path];

    private long Weight(long bytes) => selector == "queue-length" ? 1 : bytes;

    private bool IsBetter(int path, int best, long bytes) => selector switch
    {
        "round-robin" => false,
        "queue-length" => _load[path] < _load[best],
        _ => IsSooner(path, best, bytes),
    };

    /// <summary>The one that would be done first; else the faster one.</summary>
    private bool IsSooner(int path, int best, long bytes)
    {
        (decimal load, decimal bestLoad) = (_load[path], _load[best]);
        (decimal speed, decimal bestSpeed) = (_throughput[path], _throughput[best]);
        if (speed == bestSpeed) return load < bestLoad;
        if (speed == 0 || bestSpeed == 0 || load == bestLoad) return speed > bestSpeed;
        decimal time = (load + bytes) / speed;
        decimal bestTime = (bestLoad + bytes) / bestSpeed;
        return time == bestTime ? speed > bestSpeed : time < bestTime;
    }
}
