// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Cli;

/// <summary>What is said of the volume before a path was asked.</summary>
internal sealed class VolumeOptions
{
    private readonly Option<string?> _size = new("--size")
    {
        Description = "Size of the volume, in bytes or with K, M, G, T. Default: what the paths "
            + "say; with it the map starts even when no path can be reached.",
        HelpName = "BYTES",
    };

    private readonly Option<string?> _minBlock = new("--min-block")
    {
        Description = "What clients are told their blocks have at least, 512 to 64K. For paths "
            + "with large blocks that may not be reached yet when the map starts. Default: what "
            + "the paths say.",
        HelpName = "BYTES",
    };

    private readonly Option<string?> _maxRequest = new("--max-request")
    {
        Description = "The most that a path is sent in one request, 4K to 32M. For paths that "
            + "take little and may not be reached yet when the map starts. Default: what the "
            + "paths say.",
        HelpName = "BYTES",
    };

    public IEnumerable<Option> All => [_size, _minBlock, _maxRequest];

    /// <summary>In bytes; null takes what the paths say.</summary>
    public long? ReadSize(ParseResult parsed) => OptionWords.Size(parsed, _size);

    /// <summary>In bytes; null when nothing is said of it.</summary>
    public int? ReadMinBlock(ParseResult parsed)
    {
        long? bytes = OptionWords.Size(parsed, _minBlock);
        if (bytes is not { } block) return null;
        if (block is >= 512 and <= 64 << 10 && (block & (block - 1)) == 0) return (int)block;
        throw new UsageException($"--min-block {bytes} must be a power of two, 512 to 64K");
    }

    /// <summary>In bytes; null when nothing is said of it.</summary>
    public long? ReadMaxRequest(ParseResult parsed)
    {
        long block = Math.Max(4096, ReadMinBlock(parsed) ?? 1);
        long? bytes = OptionWords.Size(parsed, _maxRequest);
        if (bytes is null || (bytes >= block && bytes <= 32 << 20 && bytes % block == 0))
            return bytes;
        throw new UsageException(
            $"--max-request {bytes} must be {block} bytes to 32M, in blocks of {block} bytes");
    }
}
