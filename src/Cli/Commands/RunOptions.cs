// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Cli;

/// <summary>
/// The options of `braid run`: each is declared, explained and read here, or with its like in a
/// class of their own.
/// </summary>
internal sealed class RunOptions
{
    /// <summary>The least that a loop has for its clients: their longest write.</summary>
    private const long LoopPoolBytes = 32L << 20;

    private readonly VolumeOptions _volume = new();
    private readonly NbdPathOptions _nbd = new();
    private readonly WriteCacheOptions _writeCache = new();
    private readonly HedgeReadsOptions _hedges = new();

    private readonly Option<string[]> _path = new("--path")
    {
        Description = "A path, [NAME=]URI: nbd://HOST[:PORT]/EXPORT, "
            + "nbd+unix:///EXPORT?socket=PATH, file:///PATH[?direct=1], /PATH, ./PATH, "
            + "mem:NAME?size=SIZE. Give it once for each path; unnamed ones are p1, p2, ...",
        HelpName = "URI",
    };

    private readonly Option<string[]> _export = new("--export")
    {
        Description = "Where clients find the map: nbd://HOST[:PORT]/NAME or "
            + "nbd+unix:///NAME?socket=PATH. Port 0 takes a free one. "
            + "Default: nbd://127.0.0.1:10809/NAME-OF-THE-MAP.",
        HelpName = "URI",
    };

    private readonly Option<string> _name = new("--name")
    {
        Description = "Name of the map.",
        DefaultValueFactory = _ => "mpatha",
        HelpName = "NAME",
    };

    private readonly Option<string?> _table = new("--table")
    {
        Description = "The kernel's table line, '0 SECTORS multipath ...', with path names where "
            + "the kernel has major:minor. Takes the place of --selector, --grouping, "
            + "--queue-if-no-path and --queue-mode.",
        HelpName = "LINE",
    };

    private readonly Option<string> _selector = new("--selector")
    {
        Description = "Path selector with its arguments: 'round-robin 0', 'queue-length 0', "
            + "'service-time 0'.",
        DefaultValueFactory = _ => "service-time 0",
        HelpName = "WORDS",
    };

    private readonly Option<string> _grouping = new("--grouping")
    {
        Description = "multibus: all paths are used together; failover: one at a time.",
        DefaultValueFactory = _ => "multibus",
        HelpName = "POLICY",
    };

    private readonly Option<bool> _queueIfNoPath = new("--queue-if-no-path")
    {
        Description = "Hold I/O while no path works, instead of failing it.",
    };

    private readonly Option<string> _queueMode = new("--queue-mode")
    {
        Description = "mq: merge first, choose a path for a whole request; bio: choose one for "
            + "each I/O.",
        DefaultValueFactory = _ => "mq",
        HelpName = "MODE",
    };

    private readonly Option<string> _scheduler = new("--scheduler")
    {
        Description = "Scheduler of the map's queue: none or deadline.",
        DefaultValueFactory = _ => "none",
        HelpName = "NAME",
    };

    private readonly Option<string> _floods = new("--floods")
    {
        Description = "What clients with much in flight may have there while another waits for "
            + "each of its commands: held, as little as keeps most of their rate, or free, all.",
        DefaultValueFactory = _ => "held",
        HelpName = "HOW",
    };

    private readonly Option<string?> _control = ControlPlace.CreateOption(
        "Where the commands of other processes come in, a unix socket; none for none. Default: "
        + "NAME.sock in $XDG_RUNTIME_DIR/braid, /run/braid for root, else "
        + "~/.local/state/braid.");

    private readonly Option<string?> _statsFile = new("--stats-file")
    {
        Description = "Where SIGUSR1 writes the counters of the loop, as one JSON object.",
        HelpName = "FILE",
    };

    private readonly Option<string> _io = new("--io")
    {
        Description = "What the loop waits with: epoll, io_uring, or auto, which is io_uring where "
            + "the machine allows it.",
        DefaultValueFactory = _ => IoLoops.DefaultWord,
        HelpName = "BACKEND",
    };

    private readonly Option<string> _loops = new("--loops")
    {
        Description = "Threads that serve I/O, 1 to 16. Each has connections of its own to every "
            + "path; a client stays with one. More than 1 is for several busy clients, and needs "
            + "--write-cache shared.",
        DefaultValueFactory = _ => "1",
        HelpName = "N",
    };

    private readonly Option<bool> _quiet = new("--quiet")
    {
        Description = "Log warnings only.",
    };

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _path, _export, _name, .. _volume.All, _table, _selector, _grouping, _queueIfNoPath,
            _queueMode, _scheduler, .. _nbd.All, .. _writeCache.All, .. _hedges.All, _floods,
            _control, _statsFile, _io, _loops, _quiet,
        ];
        foreach (Option option in all) command.Options.Add(option);
    }

    public bool IsQuiet(ParseResult parsed) => parsed.GetValue(_quiet);

    public IoBackend Backend(ParseResult parsed) =>
        OptionWords.IsGiven(parsed, _io) || IoLoops.Words.Contains(IoLoops.DefaultWord)
            ? (IoBackend)OptionWords.Choose(parsed, _io, IoLoops.Words)
            : throw new UsageException(
                $"{IoLoops.Variable} '{IoLoops.DefaultWord}' is unknown, known are "
                + string.Join(", ", IoLoops.Words));

    /// <summary>How many loops; <see cref="UsageException"/> for what cannot be.</summary>
    public int Loops(ParseResult parsed)
    {
        const int Most = 16;
        string text = parsed.GetValue(_loops)!;
        bool isNumber = int.TryParse(
            text, NumberStyles.None, CultureInfo.InvariantCulture, out int loops);
        if (!isNumber || loops is < 1 or > Most)
            throw new UsageException($"--loops {text}: there are 1 to {Most} loops");
        if (loops > 1 && _writeCache.Read(parsed) == WriteCache.Private)
            throw new UsageException(
                $"--loops {loops} needs --write-cache shared: what one loop keeps for private "
                + "caches, a flush on another would not cover");
        return loops;
    }

    public string? Control(ParseResult parsed) => parsed.GetValue(_control);

    public string? StatsFile(ParseResult parsed) => parsed.GetValue(_statsFile);

    /// <summary>Reads them all; <see cref="UsageException"/> for one that makes no sense.</summary>
    public MapOptions Read(ParseResult parsed)
    {
        string name = parsed.GetValue(_name)!;
        if (!MapNames.IsValid(name)) throw new UsageException($"--name '{name}' is no name");
        string[] paths = parsed.GetValue(_path) ?? [];
        if (paths.Length == 0) throw new UsageException("run needs at least one --path URI");
        string[] exports = parsed.GetValue(_export) ?? [];
        CheckUris(exports);
        CheckTable(parsed);
        return new MapOptions
        {
            Name = name,
            Paths = Declare(paths),
            Exports = exports.Length > 0 ? exports : [$"nbd://127.0.0.1/{name}"],
            SizeBytes = _volume.ReadSize(parsed),
            MinBlock = _volume.ReadMinBlock(parsed),
            MaxRequestBytes = _volume.ReadMaxRequest(parsed),
            Table = parsed.GetValue(_table),
            Selector = parsed.GetValue(_selector)!,
            Grouping = OptionWords.Choose(parsed, _grouping, "multibus", "failover") == 0
                ? GroupingPolicy.Multibus
                : GroupingPolicy.Failover,
            QueueIfNoPath = parsed.GetValue(_queueIfNoPath),
            BioMode = OptionWords.Choose(parsed, _queueMode, "mq", "rq", "bio") == 2,
            Queue = new QueueOptions
            {
                Depth = 1024,
                CapMerges = true,
                TakesTurns = true,
                FreeRetries = MapOptions.FreeRetries,
                KeptBytes = _writeCache.ReadLimit(parsed),
                Scheduler = ReadScheduler(parsed),
            },
            PoolBytes = Math.Max(MapOptions.DefaultPoolBytes, Loops(parsed) * LoopPoolBytes),
            Nbd = _nbd.Read(parsed),
            WriteCache = ReadWriteCache(parsed),
            Hedging = ReadHedging(parsed),
            HoldsFloods = OptionWords.Choose(parsed, _floods, "held", "free") == 0,
        };
    }

    /// <summary>The table says itself what these options would have made of it.</summary>
    private void CheckTable(ParseResult parsed)
    {
        if (parsed.GetValue(_table) is null) return;
        Option[] replaced = [_selector, _grouping, _queueIfNoPath, _queueMode];
        if (Array.Find(replaced, option => OptionWords.IsGiven(parsed, option)) is { } useless)
            throw new UsageException(
                $"{useless.Name} is of no use with --table: the table says it");
    }

    private SchedulerKind ReadScheduler(ParseResult parsed)
    {
        var kind = (SchedulerKind)OptionWords.Choose(parsed, _scheduler, "none", "deadline");
        if (kind != SchedulerKind.None && parsed.GetValue(_queueMode) == "bio")
            throw new UsageException(
                "--scheduler deadline needs --queue-mode mq: a map of bios has no queue");
        return kind;
    }

    private WriteCache ReadWriteCache(ParseResult parsed)
    {
        WriteCache cache = _writeCache.Read(parsed);
        if (cache == WriteCache.Private && parsed.GetValue(_queueMode) == "bio")
            throw new UsageException("--write-cache private needs --queue-mode mq, not bio");
        return cache;
    }

    private HedgeOptions? ReadHedging(ParseResult parsed)
    {
        HedgeOptions? hedging = _hedges.Read(parsed);
        if (hedging is not null && parsed.GetValue(_queueMode) == "bio")
            throw new UsageException("--hedge-reads needs --queue-mode mq, not bio");
        return hedging;
    }

    private static void CheckUris(string[] exports)
    {
        try
        {
            foreach (string uri in exports) _ = ExportUri.Parse(uri);
        }
        catch (UriException error)
        {
            throw new UsageException(error.Message);
        }
    }

    /// <summary>NAME=URI, or a URI that gets the next free name of p1, p2, ...</summary>
    private static List<DeclaredPath> Declare(string[] paths)
    {
        var declared = new List<DeclaredPath>();
        var taken = new HashSet<string>(paths.Select(NameOf), StringComparer.Ordinal);
        foreach (string path in paths)
        {
            string name = NameOf(path);
            string uri = name.Length > 0 ? path[(name.Length + 1)..] : path;
            for (int number = declared.Count + 1; name.Length == 0; number++)
            {
                string next = string.Create(CultureInfo.InvariantCulture, $"p{number}");
                if (taken.Add(next)) name = next;
            }
            declared.Add(new DeclaredPath(name, uri));
        }
        return declared;
    }

    /// <summary>The name that NAME=URI gives; empty for a URI alone.</summary>
    private static string NameOf(string path)
    {
        int equals = path.IndexOf('=', StringComparison.Ordinal);
        bool isNamed = equals > 0 && path[..equals].All(
            c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.');
        return isNamed ? path[..equals] : "";
    }
}
