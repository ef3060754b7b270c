// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Block;

namespace Braid.Cli;

/// <summary>Whose the caches behind the paths are, and the memory that this may take.</summary>
internal sealed class WriteCacheOptions
{
    private static readonly long DefaultLimitBytes = new QueueOptions().KeptBytes;

    private readonly Option<string> _writeCache = new("--write-cache")
    {
        Description = "shared: one cache behind all paths, a flush on any covers all; private: "
            + "each server may have its own: a flush goes to every path written, and what was "
            + "not flushed on a lost path is written again on another. Needs --queue-mode mq.",
        DefaultValueFactory = _ => "shared",
        HelpName = "WHOSE",
    };

    private readonly Option<string?> _writeCacheLimit = new("--write-cache-limit")
    {
        Description = "With --write-cache private: memory of each map for writes that were "
            + "acknowledged and not flushed; beyond it they go out with FUA. Default: 64M.",
        HelpName = "BYTES",
    };

    public IEnumerable<Option> All => [_writeCache, _writeCacheLimit];

    public WriteCache Read(ParseResult parsed) =>
        (WriteCache)OptionWords.Choose(parsed, _writeCache, "shared", "private");

    /// <summary>In bytes, of each map.</summary>
    public long ReadLimit(ParseResult parsed)
    {
        long? bytes = OptionWords.Size(parsed, _writeCacheLimit);
        if (bytes is null || Read(parsed) == WriteCache.Private)
            return bytes ?? DefaultLimitBytes;
        throw new UsageException(
            "--write-cache-limit is of no use without --write-cache private");
    }
}
