// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;

namespace Braid.Tests.Fuzz;

/// <summary>
/// Disks of all kinds that tables may name, and what is done with a map over them: I/O, a suspend,
/// its end. Nothing may be left of it.
/// </summary>
internal sealed unsafe class FuzzWorld : IDeviceResolver, IMapObserver, IBioOwner
{
    private const long Ms = 1_000_000;
    private const long Sector = Table.SectorSize;
    private const long DiskBytes = 32768 * Sector;
    private const int MaxIo = 4096;

    /// <summary>For all I/O of an input: what waits for a tag is not failed by a suspend.</summary>
    private const int Tags = 64;

    private static readonly byte[] Memory = GC.AllocateArray<byte>(MaxIo, pinned: true);

    private readonly Dictionary<string, BlockDevice> _devices = new(StringComparer.Ordinal);
    private readonly TableParser _parser;
    private int _open;

    public FuzzWorld()
    {
        _parser = new TableParser([new MultipathType(), .. TargetTypes.All], this);
        foreach (string name in (string[])["a", "b"])
            Add(new FuzzDisk(Loop, name, DiskBytes) { Activation = ActivationResult.Ok });
        Add(new FuzzDisk(Loop, "c", DiskBytes) { Activation = ActivationResult.DeviceOffline });
        Add(new FuzzDisk(Loop, "d", DiskBytes) { Activation = ActivationResult.RetryImmediately });
        Add(new FuzzDisk(Loop, "e", DiskBytes) { Outcome = BlockStatus.Transport });
        Add(new FuzzDisk(Loop, "s", DiskBytes / 2));
        Add(new FuzzDisk(Loop, "unknown", 0));
        Add(Create("0 32768 linear @a 0", "l"));
    }

    public SimulatedLoop Loop { get; } = new(seed: 1) { CpusSimulated = 4 };

    /// <summary>Makes a live device.</summary>
    public MappedDevice Create(string table, string name = "mp") => MappedDevice.Create(
        Loop, name, host => _parser.Parse(table, host), new QueueOptions { Depth = Tags }, this);

    public void Load(MappedDevice map, string table) => map.Load(_parser.Parse(table, map));

    public BlockDevice Find(string name) =>
        _devices.GetValueOrDefault(name.TrimStart('@'))
        // The scenarios have more disks than these, with names as short.
        ?? (name.Length == 2 && name[0] == '@' ? _devices["b"] : null)
        ?? throw new TableException($"no device '{name}'");

    /// <summary>Whether a table loads.</summary>
    public static bool Loads(string table)
    {
        try
        {
            _ = new FuzzWorld().Create(table);
            return true;
        }
        catch (TableException)
        {
            return false;
        }
    }

    /// <summary>One I/O of each kind, at the ends of the device.</summary>
    public void DoIo(MappedDevice map)
    {
        long length = Math.Min(MaxIo, map.SizeBytes);
        Submit(map, BlockOperation.Write, 0, length);
        Submit(map, BlockOperation.Read, map.SizeBytes - length, length);
        Submit(map, BlockOperation.Write, map.SizeBytes - Sector, Sector);
        Submit(map, BlockOperation.Discard, 0, length);
        Submit(map, BlockOperation.Flush, 0, 0);
        Loop.RunFor(0);
    }

    /// <summary>
    /// Suspends and removes a map. Whatever its table says, all I/O ends by that, once, and nothing
    /// is held any more.
    /// </summary>
    public void End(MappedDevice map)
    {
        // The longest delay of an activation, and some for the requests that waited for it.
        bool activates = map.Table!.Entries.Any(
            entry => entry.Target is MultipathTarget { Handler: not null });
        Loop.RunFor((activates ? 61_000 : 300) * Ms);
        bool isDone = false;
        map.Suspend(noFlush: false, problem => isDone = problem is null);
        Loop.RunFor(1000 * Ms);
        Check(isDone, "a suspend that does not end");
        Check(_open == 0, $"{_open} I/Os that do not end");
        Check(map.InFlight == 0, "I/O in flight that nobody waits for");
        map.Remove();
        CheckClosed();
    }

    public void CheckClosed()
    {
        foreach (BlockDevice device in _devices.Values)
            // One holds its disk for good.
            Check(device.OpenCount == (device.Name == "a" ? 1 : 0), $"{device.Name} is left open");
    }

    public void EndBio(Bio bio)
    {
        Check(bio.Cookie == 0, "an I/O that ends twice");
        bio.Cookie = 1;
        _open--;
    }

    public void OnLog(MappedDevice map, string text) => Check(text.Length > 0, "an empty line");

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths) =>
        Check(validPaths >= 0, "fewer than no paths");

    private static void Check(bool condition, string what)
    {
        if (!condition) throw new FuzzException(what);
    }

    private void Add(BlockDevice device) => _devices[device.Name] = device;

    private void Submit(MappedDevice map, BlockOperation operation, long offset, long length)
    {
        var bio = new Bio(this) { Operation = operation, Offset = offset, Length = length };
        if (bio.HasData) bio.Data = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(Memory, 0);
        _open++;
        map.Submit(bio);
    }
}
