// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>A process and its descendants: a launcher may have left its work to a child.</summary>
internal static class ProcessTree
{
    public static IReadOnlyCollection<int> Of(int root)
    {
        ILookup<int, int> children = Parents().ToLookup(entry => entry.Parent, entry => entry.Pid);
        var tree = new HashSet<int>();
        var open = new Stack<int>([root]);
        while (open.TryPop(out int pid))
        {
            if (!tree.Add(pid)) continue;
            foreach (int child in children[pid]) open.Push(child);
        }
        return tree;
    }

    private static IEnumerable<(int Pid, int Parent)> Parents()
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            string name = Path.GetFileName(directory);
            if (int.TryParse(name, CultureInfo.InvariantCulture, out int pid)
                && ParentOf(directory) is int parent)
                yield return (pid, parent);
        }
    }

    private static int? ParentOf(string directory)
    {
        try
        {
            // PID (NAME) STATE PPID ...: the name may hold blanks and parentheses.
            string stat = File.ReadAllText(Path.Combine(directory, "stat"));
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null; // It ended while we looked.
        }
    }
}
