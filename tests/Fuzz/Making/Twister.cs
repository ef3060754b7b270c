// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>Changes numbers and bytes of messages: lengths, offsets, cookies, flags.</summary>
internal sealed class Twister(LoopRandom random)
{
    private static readonly ulong[] Values =
    [
        0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 27, 28, 29, 32, 63, 64, 127, 128, 255, 256, 511,
        512, 513, 1024, 4095, 4096, 4097, 32767, 32768, 65023, 65024, 65535, 65536, 65537,
        131071, 131072, 1048576, 33554431, 33554432, 33554433, 0x7fffffff, 0x80000000,
        0xfffffff0, 0xffffffff, 0x100000000, 0x100000001, 0x7fffffffffffffff,
        0x8000000000000000, 0xfffffffffffffe00, 0xfffffffffffffff8, 0xffffffffffffffff,
    ];

    public LoopRandom Random => random;

    public T Pick<T>(IReadOnlyList<T> all) => all[(int)random.Next(all.Count)];

    /// <summary>A number that somebody may have got wrong, or has chosen well.</summary>
    public ulong Twist(ulong number) => random.Next(8) switch
    {
        0 or 1 or 2 => Pick(Values),
        3 => number + 1,
        4 => number - 1,
        5 => number ^ (1UL << (int)random.Next(64)),
        6 => number + (512 * (ulong)random.Next(9)) - 2048,
        _ => random.NextUInt64() >> (int)random.Next(64),
    };

    public string Twist(string word) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? Twist(number).ToString(CultureInfo.InvariantCulture)
            : TwistHex(word);

    /// <summary>Bytes, some of them changed, or more or fewer of them.</summary>
    public byte[] Twist(byte[] bytes)
    {
        var changed = new List<byte>(bytes);
        int at = (int)random.Next(changed.Count + 1);
        switch (random.Next(6))
        {
            case 0:
                changed.RemoveRange(at, changed.Count - at);
                break;
            case 1 when at < changed.Count:
                changed.RemoveRange(at, (int)Math.Min(changed.Count - at, 1 + random.Next(8)));
                break;
            case 2:
                changed.InsertRange(at, Garbage(1 + random.Next(12)));
                break;
            case 3 when at < changed.Count:
                changed[at] ^= (byte)(1 << (int)random.Next(8));
                break;
            default:
                if (at < changed.Count) changed[at] = (byte)Pick(Values);
                break;
        }
        return [.. changed];
    }

    public byte[] Garbage(long count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.NextUInt64();
        return bytes;
    }

    private string TwistHex(string word)
    {
        byte[] bytes = FuzzLine.TryHex(word, out byte[] read) ? read : [];
        return FuzzLine.Hex(Twist(bytes));
    }
}
