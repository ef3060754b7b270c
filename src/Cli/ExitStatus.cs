// SPDX-License-Identifier: Apache-2.0
namespace Braid.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitStatus
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
}

/// <summary>
/// The command line makes no sense; the message is one line, and says what would.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);
