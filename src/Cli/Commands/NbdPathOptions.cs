// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Block;
using Braid.Transports.Nbd;

namespace Braid.Cli;

/// <summary>How long a path may take, and what is done about it when it took longer.</summary>
internal sealed class NbdPathOptions
{
    private readonly Option<string> _ioTimeout = new("--io-timeout")
    {
        Description = "A path that has not answered an I/O after so long is failed.",
        DefaultValueFactory = _ => "10",
        HelpName = "SECONDS",
    };

    private readonly Option<string> _connectTimeout = new("--connect-timeout")
    {
        Description = "Longest time for connecting a path, its handshake included.",
        DefaultValueFactory = _ => "5",
        HelpName = "SECONDS",
    };

    private readonly Option<string> _staleWriteGuard = new("--stale-write-guard")
    {
        Description = "How long a write waits while a given-up path may still do an older one to "
            + "the same blocks: 'time' is the I/O timeout again, or SECONDS; proof: until its "
            + "server has answered; off: not at all.",
        DefaultValueFactory = _ => "time",
        HelpName = "SECONDS",
    };

    public IEnumerable<Option> All => [_ioTimeout, _connectTimeout, _staleWriteGuard];

    public NbdSettings Read(ParseResult parsed)
    {
        string guard = parsed.GetValue(_staleWriteGuard)!;
        bool isTime = guard is not ("off" or "proof");
        return new NbdSettings
        {
            IoTimeoutNs = OptionWords.Seconds(parsed, _ioTimeout),
            ConnectTimeoutNs = OptionWords.Seconds(parsed, _connectTimeout),
            StaleWrites = guard switch
            {
                "off" => StaleWriteGuard.Off,
                "proof" => StaleWriteGuard.Proof,
                _ => StaleWriteGuard.Time,
            },
            QuiesceNs = isTime && guard != "time"
                ? OptionWords.Seconds(parsed, _staleWriteGuard)
                : null,
        };
    }
}
