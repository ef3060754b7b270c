// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// A client's load of reads and writes of 1 to 32 sectors, so many in flight, no two of them
/// overlapping. A model holds what each sector must read as; an I/O that ends twice, fails or
/// returns other bytes is told at once.
/// </summary>
internal sealed unsafe class VerifiedLoad : IBioOwner, IDisposable
{
    private const int Sector = 512;
    private const int MaxSectors = 32;

    private readonly SimulatedLoop _loop;
    private readonly BlockDevice _device;
    private readonly byte[] _model;
    private readonly bool[] _busy;
    private readonly bool[] _inFlight;
    private readonly Bio[] _bios;
    private readonly byte* _memory;
    private long _left;

    /// <param name="loop">The world's.</param>
    /// <param name="device">Where the I/O goes.</param>
    /// <param name="depth">I/Os in flight.</param>
    public VerifiedLoad(SimulatedLoop loop, BlockDevice device, int depth)
    {
        _loop = loop;
        _device = device;
        _model = new byte[SimulatedWorld.VolumeBytes];
        _busy = new bool[SimulatedWorld.VolumeBytes / Sector];
        _inFlight = new bool[depth];
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(depth * MaxSectors * Sector), 4096);
        _bios = new Bio[depth];
        for (int i = 0; i < depth; i++)
        {
            byte* data = _memory + (i * MaxSectors * Sector);
            _bios[i] = new Bio(this) { Cookie = i, Data = data };
        }
    }

    public long Done { get; private set; }

    public List<BlockStatus> Errors { get; } = [];

    public bool IsIdle => Array.TrueForAll(_inFlight, busy => !busy);

    /// <summary>Starts that many I/Os in all.</summary>
    public void Start(long count)
    {
        _left = count;
        foreach (Bio bio in _bios) Next(bio);
    }

    /// <summary>Reads the whole volume through the device.</summary>
    public void StartVerify()
    {
        Array.Clear(_busy);
        _verifyAt = 0;
        foreach (Bio bio in _bios) Next(bio);
    }

    private long _verifyAt = long.MaxValue;

    public void EndBio(Bio bio)
    {
        _inFlight[bio.Cookie].ShouldBeTrue("an I/O has ended twice");
        _inFlight[bio.Cookie] = false;
        Done++;
        Mark(bio, busy: false);
        if (bio.Status != BlockStatus.Ok) Errors.Add(bio.Status);
        else if (bio.Operation == BlockOperation.Read) Compare(bio);
        Next(bio);
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private void Compare(Bio bio)
    {
        var got = new ReadOnlySpan<byte>(bio.Data, (int)bio.Length);
        ReadOnlySpan<byte> want = _model.AsSpan((int)bio.Offset, (int)bio.Length);
        got.SequenceEqual(want).ShouldBeTrue($"other bytes at {bio.Offset}+{bio.Length}");
    }

    private void Next(Bio bio)
    {
        if (_verifyAt < SimulatedWorld.VolumeBytes) Verify(bio);
        else if (_left > 0) Random(bio);
    }

    private void Verify(Bio bio)
    {
        bio.Operation = BlockOperation.Read;
        bio.Offset = _verifyAt;
        bio.Length = MaxSectors * Sector;
        _verifyAt += bio.Length;
        Submit(bio);
    }

    private void Random(Bio bio)
    {
        _left--;
        bool write = _loop.Random.Chance(600);
        do
        {
            int sectors = 1 + (int)_loop.Random.Next(MaxSectors);
            bio.Offset = _loop.Random.Next(_busy.Length - sectors) * Sector;
            bio.Length = sectors * Sector;
        }
        while (IsBusy(bio));
        bio.Operation = write ? BlockOperation.Write : BlockOperation.Read;
        if (bio.Operation == BlockOperation.Write) Fill(bio);
        Submit(bio);
    }

    private void Fill(Bio bio)
    {
        for (int i = 0; i < bio.Length; i += sizeof(ulong))
            *(ulong*)(bio.Data + i) = _loop.Random.NextUInt64();
        new ReadOnlySpan<byte>(bio.Data, (int)bio.Length)
            .CopyTo(_model.AsSpan((int)bio.Offset));
    }

    private void Submit(Bio bio)
    {
        Mark(bio, busy: true);
        _inFlight[bio.Cookie] = true;
        _device.Submit(bio);
    }

    private void Mark(Bio bio, bool busy)
    {
        for (long s = bio.Offset / Sector; s < bio.End / Sector; s++) _busy[s] = busy;
    }

    private bool IsBusy(Bio bio)
    {
        for (long s = bio.Offset / Sector; s < bio.End / Sector; s++)
            if (_busy[s]) return true;
        return false;
    }
}
