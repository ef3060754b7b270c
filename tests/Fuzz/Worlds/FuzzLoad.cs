// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>
/// I/O of somebody who behaves: no two overlap, no block is written twice, and each read must bring
/// what is there. Its memory has guards on both sides of each buffer.
/// </summary>
internal sealed unsafe class FuzzLoad : IBioOwner
{
    public const int MaxDepth = 6;

    private const int MaxIo = 64 * 1024;
    private const int Guard = 64;
    private const int Stride = MaxIo + (2 * Guard);
    private const byte GuardByte = 0xa5;

    private static readonly byte[] Memory =
        GC.AllocateArray<byte>(MaxDepth * Stride, pinned: true);

    private readonly BlockDevice _device;
    private readonly LoopRandom _random;
    private readonly byte[] _model;
    private readonly int _block;
    private readonly bool[] _busy;
    private readonly bool[] _written;
    private readonly bool[] _unknown;
    private readonly Stack<Bio> _free = new();
    private int _left;

    /// <param name="device">Where the I/O goes.</param>
    /// <param name="model">What it must read as; kept up to date.</param>
    /// <param name="random">All its chance.</param>
    /// <param name="depth">I/Os at the same time.</param>
    public FuzzLoad(BlockDevice device, byte[] model, LoopRandom random, int depth)
    {
        _device = device;
        _random = random;
        _model = model;
        _block = Math.Max(FuzzVolume.Block, device.Limits.LogicalBlockSize);
        _busy = new bool[model.Length / _block];
        _written = new bool[_busy.Length];
        _unknown = new bool[_busy.Length];
        for (int slot = 0; slot < depth; slot++)
        {
            byte* start = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(Memory, slot * Stride);
            new Span<byte>(start, Guard).Fill(GuardByte);
            new Span<byte>(start + Guard + MaxIo, Guard).Fill(GuardByte);
            _free.Push(new Bio(this) { Data = start + Guard });
        }
    }

    /// <summary>Whether an I/O may end with that error. Without it none may.</summary>
    public Func<Bio, bool>? MayFail { get; init; }

    /// <summary>Whether a read may bring something else.</summary>
    public Func<bool>? MayDiffer { get; init; }

    public int Open { get; private set; }

    /// <summary>Moved so far.</summary>
    public long Bytes { get; private set; }

    public bool IsIdle => Open == 0 && _left == 0;

    /// <summary>So many more.</summary>
    public void Add(int count)
    {
        _left += count;
        while (_left > 0 && _free.Count > 0) Next();
    }

    public void EndBio(Bio bio)
    {
        Check(bio.Cookie == 1, "an I/O ends twice");
        bio.Cookie = 0;
        Open--;
        Mark(_busy, bio, false);
        CheckGuards(bio);
        if (bio.Status == BlockStatus.Ok) CheckData(bio);
        else CheckError(bio);
        _free.Push(bio);
        if (_left > 0) Next();
    }

    private void CheckError(Bio bio)
    {
        Check(MayFail?.Invoke(bio) ?? false, $"{Describe(bio)} ends with {bio.Status}");
        if (bio.IsWrite && bio.Length > 0) Mark(_unknown, bio, true);
    }

    private void CheckData(Bio bio)
    {
        if (bio.Operation == BlockOperation.Extents)
        {
            CheckExtents(bio);
            return;
        }
        if (bio.Operation != BlockOperation.Read || (MayDiffer?.Invoke() ?? false)) return;
        for (int at = 0; at < bio.Length; at += _block)
        {
            int from = (int)bio.Offset + at;
            if (_unknown[from / _block]) continue;
            var got = new ReadOnlySpan<byte>(bio.Data + at, _block);
            int good = got.CommonPrefixLength(_model.AsSpan(from, _block));
            Check(good == _block, $"{Describe(bio)} brings another byte at {from + good}");
        }
    }

    private static void CheckExtents(Bio bio)
    {
        Check(bio.ExtentCount is >= 0 and <= 4096 / 16, $"{bio.ExtentCount} extents");
        var extents = (BlockExtent*)bio.Data;
        long sum = 0;
        for (int i = 0; i < bio.ExtentCount; i++)
        {
            Check(extents[i].Length > 0, "an empty extent");
            sum += extents[i].Length;
        }
        Check(sum <= bio.Length, $"extents of {sum} bytes for {bio.Length}");
    }

    private static void CheckGuards(Bio bio)
    {
        bool isWhole = new ReadOnlySpan<byte>(bio.Data - Guard, Guard)
            .IndexOfAnyExcept(GuardByte) < 0;
        isWhole &= new ReadOnlySpan<byte>(bio.Data + MaxIo, Guard)
            .IndexOfAnyExcept(GuardByte) < 0;
        Check(isWhole, $"{Describe(bio)} has written beside its memory");
    }

    private void Next()
    {
        _left--;
        Bio bio = _free.Pop();
        bio.Operation = Choose();
        bio.Flags = bio.IsWrite && _random.Chance(200) ? BioFlags.Fua : BioFlags.None;
        Place(bio);
        if (bio.IsWrite && bio.Length > 0 && Any(_written, bio))
            (bio.Operation, bio.Flags) = (BlockOperation.Read, BioFlags.None);
        if (bio.IsWrite && bio.Length > 0) Change(bio);
        if (bio.Operation == BlockOperation.Read)
            new Span<byte>(bio.Data, (int)bio.Length).Fill(0xee);
        Mark(_busy, bio, true);
        bio.Cookie = 1;
        Bytes += bio.Length;
        Open++;
        _device.Submit(bio);
    }

    private BlockOperation Choose()
    {
        QueueLimits limits = _device.Limits;
        long draw = _random.Next(100);
        if (draw < 50) return BlockOperation.Read;
        if (draw < 85 && !limits.ReadOnly) return BlockOperation.Write;
        if (draw < 90 && !limits.ReadOnly && limits.MaxWriteZeroesBytes > 0)
            return BlockOperation.WriteZeroes;
        return draw < 95 && limits.Extents ? BlockOperation.Extents : BlockOperation.Flush;
    }

    /// <summary>Somewhere where nothing is under way; a flush where that is not found.</summary>
    private void Place(Bio bio)
    {
        long most = Math.Min(Math.Min(MaxIo / _block, _busy.Length), _random.Chance(80) ? 128 : 8);
        for (int tries = 0; tries < 8 && bio.Operation != BlockOperation.Flush; tries++)
        {
            long blocks = 1 + _random.Next(most);
            bio.Offset = _random.Next(_busy.Length - blocks + 1) * _block;
            bio.Length = blocks * _block;
            if (!Any(_busy, bio)) return;
        }
        bio.Operation = BlockOperation.Flush;
        bio.Flags = BioFlags.None;
        bio.Offset = bio.Length = 0;
    }

    private void Change(Bio bio)
    {
        Span<byte> model = _model.AsSpan((int)bio.Offset, (int)bio.Length);
        if (bio.Operation == BlockOperation.WriteZeroes) model.Clear();
        else model.Fill((byte)(1 + _random.Next(255)));
        for (int at = 0; at < model.Length && model[0] != 0; at += _block)
            model[at] = (byte)(bio.Offset / _block);
        model.CopyTo(new Span<byte>(bio.Data, MaxIo));
        Mark(_written, bio, true);
    }

    private void Mark(bool[] blocks, Bio bio, bool value) =>
        blocks.AsSpan((int)(bio.Offset / _block), (int)(bio.Length / _block)).Fill(value);

    private bool Any(bool[] blocks, Bio bio) =>
        blocks.AsSpan((int)(bio.Offset / _block), (int)(bio.Length / _block)).Contains(true);

    private static string Describe(Bio bio) =>
        $"{bio.Operation} {bio.Offset}+{bio.Length}";

    private static void Check(bool condition, string what)
    {
        if (!condition) throw new FuzzException(what);
    }
}
