// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>What a flakey target does to I/O while it is down; by default it fails all.</summary>
internal sealed record FlakeyFeatures
{
    private const uint MaxWords = 6;

    /// <summary>Flags of a bio by their bits in the kernel (REQ_FUA, REQ_PREFLUSH).</summary>
    private const uint KernelFua = 1 << 17;
    private const uint KernelPreflush = 1 << 18;

    public bool DropWrites { get; private init; }

    public bool ErrorWrites { get; private init; }

    /// <summary>Which byte of a bio is changed, from 1; 0 for none.</summary>
    public uint CorruptByte { get; private init; }

    public bool CorruptsWrites { get; private init; }

    public byte CorruptValue { get; private init; }

    /// <summary>Only bios that have all of these flags are changed.</summary>
    public uint CorruptFlags { get; private init; }

    /// <summary>Reads while down are as good as ever, or changed, but do not fail.</summary>
    public bool SparesReads => DropWrites || ErrorWrites || CorruptByte > 0;

    /// <summary>Reads NUMBER FEATURE..., which may be missing.</summary>
    public static FlakeyFeatures Take(TableWords words)
    {
        var features = new FlakeyFeatures();
        if (words.Left == 0) return features;
        int count = words.TakeCount("the number of feature words", MaxWords);
        for (int end = words.Left - count; words.Left > end;) features = features.TakeOne(words);
        bool conflicts = features is { CorruptByte: > 0, CorruptsWrites: true }
            && (features.DropWrites || features.ErrorWrites);
        if (!conflicts) return features;
        throw new TableException("drop_writes and error_writes leave no write to corrupt", words);
    }

    /// <summary>Whether a bio is one whose byte is changed.</summary>
    public bool Corrupts(Bio bio)
    {
        if (CorruptByte == 0 || !bio.HasData || bio.IsWrite != CorruptsWrites) return false;
        uint flags = 0;
        if ((bio.Flags & BioFlags.Fua) != 0) flags |= KernelFua;
        if ((bio.Flags & BioFlags.Preflush) != 0) flags |= KernelPreflush;
        return (flags & CorruptFlags) == CorruptFlags && bio.Length >= CorruptByte;
    }

    public void Append(StringBuilder text)
    {
        const int CorruptWords = 5;
        int count = (DropWrites ? 1 : 0) + (ErrorWrites ? 1 : 0);
        if (CorruptByte > 0) count += CorruptWords;
        text.Append(CultureInfo.InvariantCulture, $"{count} ");
        if (DropWrites) text.Append("drop_writes ");
        if (ErrorWrites) text.Append("error_writes ");
        if (CorruptByte == 0) return;
        char direction = CorruptsWrites ? 'w' : 'r';
        text.Append(CultureInfo.InvariantCulture,
            $"corrupt_bio_byte {CorruptByte} {direction} {CorruptValue} {CorruptFlags} ");
    }

    private FlakeyFeatures TakeOne(TableWords words)
    {
        string name = words.Take("a feature").ToLowerInvariant();
        switch (name)
        {
            case "drop_writes" when !DropWrites && !ErrorWrites:
                return this with { DropWrites = true };
            case "error_writes" when !DropWrites && !ErrorWrites:
                return this with { ErrorWrites = true };
            case "corrupt_bio_byte":
                return TakeCorrupt(words);
            case "drop_writes" or "error_writes":
                throw new TableException("drop_writes and error_writes exclude each other", words);
            default:
                throw new TableException("unrecognised flakey feature", words);
        }
    }

    private FlakeyFeatures TakeCorrupt(TableWords words)
    {
        uint nth = words.TakeNumber("the number of the byte", 1, uint.MaxValue);
        string direction = words.Take("the direction").ToLowerInvariant();
        if (direction is not ("r" or "w"))
            throw new TableException("the direction must be r or w", words);
        return this with
        {
            CorruptByte = nth,
            CorruptsWrites = direction == "w",
            CorruptValue = (byte)words.TakeNumber("the value", 0, byte.MaxValue),
            CorruptFlags = words.TakeNumber("the flags", 0, uint.MaxValue),
        };
    }
}
