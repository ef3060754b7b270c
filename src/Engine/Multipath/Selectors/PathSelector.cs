// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>
/// What round-robin, queue-length and service-time have in common: two lists, ties that rotate, and
/// a repeat count that is read and printed but no longer followed.
/// </summary>
internal abstract class PathSelector : IPathSelector
{
    private readonly Action<string> _log;

    protected PathSelector(Action<string> log) => _log = log;

    public abstract string Name { get; }

    protected SelectorList Valid { get; } = new();

    protected SelectorList Failed { get; } = new();

    public abstract PgPath? SelectPath(long bytes);

    public abstract int WordsPerPath(StatusKind kind);

    public virtual void AddPath(PgPath path, IReadOnlyList<string> arguments)
    {
        SelectorPath selection = CreatePath(path, arguments);
        if (selection.RepeatCount > 1)
        {
            _log($"{Name}: repeat_count > 1 is deprecated, using 1 instead");
            selection.RepeatCount = 1;
        }
        path.Selection = selection;
        Valid.AddLast(selection);
    }

    public virtual void FailPath(PgPath path)
    {
        Valid.Remove(path.Selection);
        Failed.AddFirst(path.Selection);
    }

    public virtual void ReinstatePath(PgPath path)
    {
        Failed.Remove(path.Selection);
        Valid.AddLast(path.Selection);
    }

    public virtual void StartIo(PgPath path, long bytes)
    {
        // A selector that counts nothing has nothing to do.
    }

    public virtual void EndIo(PgPath path, long bytes, long startNs)
    {
        // The same.
    }

    public virtual void AppendStatus(StringBuilder text, StatusKind kind) => text.Append("0 ");

    public abstract void AppendStatus(StringBuilder text, StatusKind kind, PgPath path);

    /// <summary>Reads a path's arguments.</summary>
    protected virtual SelectorPath CreatePath(PgPath path, IReadOnlyList<string> arguments)
    {
        var selection = new SelectorPath(path);
        ReadRepeatCount(selection, arguments, maxArguments: 1);
        return selection;
    }

    protected static void ReadRepeatCount(
        SelectorPath path, IReadOnlyList<string> arguments, int maxArguments)
    {
        if (arguments.Count > maxArguments)
            throw new SelectorException("incorrect number of arguments");
        if (arguments.Count > 0)
            path.RepeatCount = ReadNumber(arguments[0], "invalid repeat count");
    }

    protected static uint ReadNumber(string word, string problem) =>
        TableWords.TryNumber(word, out uint number)
            ? number
            : throw new SelectorException(problem);

    protected static void AppendNumber(StringBuilder text, long number) =>
        text.Append(CultureInfo.InvariantCulture, $"{number} ");
}
