// SPDX-License-Identifier: Apache-2.0
using System.Text.RegularExpressions;
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Transports.Memory;

namespace Braid.Scenario;

/// <summary>
/// The machine that a scenario is played on: a loop in virtual time, disks in memory, mapped
/// devices, and a log. Devices are named as scenarios write them, with the `@`.
/// </summary>
internal sealed partial class ScenarioWorld : IDeviceResolver, IMapObserver, IDisposable
{
    /// <summary>Of a mapped device: the tags of an elevator in the kernel (nr_requests).</summary>
    private const int MapDepth = 256;

    /// <summary>What a match may take, in milliseconds.</summary>
    private const int Patience = 1000;

    private const long Second = 1_000_000_000;

    /// <summary>Seconds: 30 years are as good as for ever.</summary>
    private const long MaxTimeout = 1_000_000_000;

    /// <summary>All stores of a scenario together.</summary>
    private const long MaxStoreBytes = 4L << 30;

    private readonly Dictionary<string, BlockDevice> _disks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _firstTables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Stack<BlockDevice>> _held = new(StringComparer.Ordinal);
    private readonly List<MemoryStore> _stores = [];
    private List<string> _log = [];
    private long _queueTimeoutNs;

    public ScenarioWorld(ScenarioScript script)
    {
        Loop = new SimulatedLoop(seed: 1) { CpusSimulated = script.Cpus };
        ITargetType[] types =
        [
            new MultipathType(() => _queueTimeoutNs, Selectors(script.Modules)),
            .. TargetTypes.All,
        ];
        var options = new QueueOptions
        {
            Depth = MapDepth,
            Scheduler = SchedulerKind.Deadline,
            DispatchBatch = 1,
            FitsWaiting = false,
            MergesFlushes = false,
            PassesBusy = false,
        };
        Devices = new DeviceManager(Loop, types, this, options, this);
    }

    public SimulatedLoop Loop { get; }

    public DeviceManager Devices { get; }

    /// <summary>What `mark` and `count` remember of each device.</summary>
    public Dictionary<string, Counts> Marks { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Files of /sys/block that were written, where they stand for themselves: device and file.
    /// </summary>
    public Dictionary<(string Device, string File), string> Attributes { get; } = [];

    /// <summary>The SCSI disks of `scsi`, which have their options in common.</summary>
    public ScsiOptions? Scsi { get; set; }

    /// <summary>Selectors that are modules of their own, which a machine may not have.</summary>
    private static IReadOnlyList<string> Selectors(IReadOnlyList<string> modules) =>
        [.. SelectorTypes.Names.Where(name =>
            name is not ("historical-service-time" or "io-affinity")
            || modules.Contains("dm-" + name, StringComparer.Ordinal))];

    /// <summary>A name as a device has it: with one `@`.</summary>
    public static string Mark(string word) => "@" + word.TrimStart('@');

    public void Add(BlockDevice disk) => _disks[disk.Name] = disk;

    /// <summary>Makes a store, which is there until the scenario has ended.</summary>
    public MemoryStore AddStore(string name, long bytes)
    {
        if (_stores.Sum(other => other.SizeBytes) + bytes > MaxStoreBytes)
            throw new StepException($"all disks together have at most {MaxStoreBytes} bytes");
        var store = new MemoryStore(name, bytes);
        _stores.Add(store);
        return store;
    }

    /// <summary>The disk or mapped device of that name, as a node in /dev; null for none.</summary>
    public BlockDevice? Node(string word)
    {
        string name = Mark(word);
        if (Devices.Has(name)) return Devices.Get(name);
        return _disks.GetValueOrDefault(name);
    }

    public bool HasDisk(string name) => _disks.ContainsKey(name);

    /// <summary>A disk of that kind.</summary>
    /// <exception cref="StepException">It is none.</exception>
    public T Disk<T>(string word)
        where T : BlockDevice =>
        _disks.GetValueOrDefault(Mark(word)) as T
        ?? throw new StepException($"'{word}' is no disk that could do that");

    /// <summary>
    /// Finds a device for a table; `@@NAME` is its path in /dev. `@NAME` stands for the number
    /// MAJOR:MINOR, before which zeroes may be, and behind it another number and anything but a
    /// second one (name_to_dev_t).
    /// </summary>
    public BlockDevice Find(string name)
    {
        Match number = DeviceNumber().Match(name);
        string word = number.Success ? number.Groups["name"].Value : name;
        bool isKnown = number.Success || name.StartsWith("@@", StringComparison.Ordinal);
        if (isKnown && Node(word) is { } device) return device;
        return _disks.GetValueOrDefault(name) ?? throw new TableException($"no device '{name}'");
    }

    [GeneratedRegex(
        "^0*(?<name>@[^@:]+)(:[0-9]+(:|[^0-9:].*)?)?$", RegexOptions.ExplicitCapture, Patience)]
    private static partial Regex DeviceNumber();

    /// <summary>Makes a mapped device, and remembers its table for `fix`.</summary>
    public void Create(string name, string table)
    {
        Devices.Create(name, table);
        _firstTables[name] = table;
    }

    public string FirstTable(string name) => _firstTables[name];

    public void Hold(string name)
    {
        if (Node(name) is not { } device) return;
        device.Open();
        if (!_held.TryGetValue(name, out Stack<BlockDevice>? stack)) _held[name] = stack = new();
        stack.Push(device);
    }

    public void Release(string name)
    {
        if (_held.GetValueOrDefault(name)?.TryPop(out BlockDevice? device) != true)
            throw new StepException($"'{name}' is not held");
        device!.Close();
    }

    /// <summary>A parameter of a kernel module.</summary>
    public void SetParameter(string module, string name, string value)
    {
        if ((module, name) != ("dm_multipath", "queue_if_no_path_timeout_secs"))
            throw new StepException($"no parameter {name} of a module {module}");
        _queueTimeoutNs = Math.Min(StepNumbers.ReadParameter(value), MaxTimeout) * Second;
    }

    /// <summary>Ends after that time.</summary>
    public Task SleepAsync(long ns)
    {
        var done = new TaskCompletionSource();
        Loop.CreateTimer(done.SetResult).Arm(ns);
        return done.Task;
    }

    /// <summary>The log since it was asked for last.</summary>
    public List<string> TakeLog()
    {
        List<string> taken = _log;
        _log = [];
        return taken;
    }

    public void OnLog(MappedDevice map, string text) => _log.Add($"{map.Name}: {text}");

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths)
    {
        // The log has it already.
    }

    public void Dispose()
    {
        foreach (MemoryStore store in _stores) store.Dispose();
        Loop.Dispose();
    }
}
