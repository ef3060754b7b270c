// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Multipath;

/// <summary>What a status text is for.</summary>
public enum StatusKind
{
    /// <summary>`dmsetup status`: numbers of the moment.</summary>
    Info,

    /// <summary>`dmsetup table`: what to load to get the same.</summary>
    Table,
}

/// <summary>
/// Picks one path of a group for one I/O (struct path_selector_type of dm-path-selector.h). Every
/// <see cref="StartIo"/> is followed by exactly one <see cref="EndIo"/>. Loop's thread only.
/// </summary>
public interface IPathSelector
{
    /// <summary>As tables name it; case matters.</summary>
    string Name { get; }

    /// <summary>Adds a path with its arguments.</summary>
    /// <exception cref="SelectorException">An argument is wrong.</exception>
    void AddPath(PgPath path, IReadOnlyList<string> arguments);

    /// <summary>The path is not to be selected any more.</summary>
    void FailPath(PgPath path);

    /// <summary>The path may be selected again.</summary>
    void ReinstatePath(PgPath path);

    /// <summary>A path for an I/O of that many bytes; null when none works.</summary>
    PgPath? SelectPath(long bytes);

    void StartIo(PgPath path, long bytes);

    void EndIo(PgPath path, long bytes, long startNs);

    /// <summary>Words that the status has for each path.</summary>
    int WordsPerPath(StatusKind kind);

    /// <summary>The selector's own arguments, with their count before them.</summary>
    void AppendStatus(StringBuilder text, StatusKind kind);

    /// <summary>The path's words, each followed by a blank.</summary>
    void AppendStatus(StringBuilder text, StatusKind kind, PgPath path);
}

/// <summary>An argument of a selector is wrong; becomes part of a table's error.</summary>
public sealed class SelectorException(string problem) : Exception(problem);
