// SPDX-License-Identifier: Apache-2.0
namespace Braid.Scenario;

/// <summary>Several I/Os of the same length on consecutive sectors.</summary>
internal sealed class IoRun(DeviceHandle device, bool write, long sector, int length, int count)
{
    /// <summary>A system call that does an I/O takes so long besides the I/O.</summary>
    private const long SystemCallNs = 20_000;

    private const int SectorSize = 512;
    private const long Seed = 1;

    public bool IsWrite => write;

    public int Length => length;

    public int Count => count;

    /// <summary>Of each I/O the name of its errno, or null.</summary>
    public string?[] Errors { get; } = new string?[count];

    public long Offset(int index) => unchecked((sector * SectorSize) + ((long)index * length));

    public byte[] Data(int index)
    {
        byte[] memory = DeviceHandle.Memory(length);
        if (write) Pattern.Make(length, Offset(index) / SectorSize, Seed).CopyTo(memory, 0);
        return memory;
    }

    public async Task OneByOneAsync()
    {
        for (int i = 0; i < count; i++)
        {
            await device.World.SleepAsync(SystemCallNs);
            await OneAsync(i);
        }
    }

    /// <summary>All at once, in one plug.</summary>
    public async Task PluggedAsync()
    {
        var all = new Task[count];
        for (int i = 0; i < count; i++) all[i] = OneAsync(i);
        foreach (Task one in all) await one;
    }

    /// <summary>
    /// One after the other without waiting for any, so far apart; 0 puts each into a turn of its
    /// own.
    /// </summary>
    public async Task SpacedAsync(long apartNs)
    {
        var all = new Task[count];
        for (int i = 0; i < count; i++)
        {
            // Also before the first: what is armed within a turn fires in a later one.
            await device.World.SleepAsync(i == 0 ? 0 : apartNs);
            all[i] = OneAsync(i);
        }
        foreach (Task one in all) await one;
    }

    private async Task OneAsync(int index)
    {
        IoResult result = await device.TransferAsync(write, Offset(index), Data(index));
        Errors[index] = result.Error ?? (result.Length == length ? null : "EIO");
    }
}
