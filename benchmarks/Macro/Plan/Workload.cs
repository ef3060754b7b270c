// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What one fio job does with the device.</summary>
/// <param name="Name">First part of a cell's name.</param>
/// <param name="Rw">fio's word for the pattern.</param>
/// <param name="BlockSize">Bytes of one I/O.</param>
internal sealed record Workload(string Name, string Rw, int BlockSize)
{
    /// <summary>Percentage of reads where the pattern mixes, else null.</summary>
    public int? ReadPercent { get; init; }

    public bool IsRandom => Rw.StartsWith("rand", StringComparison.Ordinal);

    public static readonly Workload RandomRead = new("randread-4k", "randread", 4096);
    public static readonly Workload RandomWrite = new("randwrite-4k", "randwrite", 4096);
    public static readonly Workload RandomMixed =
        new("randrw70-4k", "randrw", 4096) { ReadPercent = 70 };
    public static readonly Workload SequentialRead = new("read-4k", "read", 4096);
    public static readonly Workload SequentialWrite = new("write-4k", "write", 4096);
    public static readonly Workload LargeRead = new("read-128k", "read", 128 * 1024);
    public static readonly Workload LargeWrite = new("write-128k", "write", 128 * 1024);

    public static readonly IReadOnlyList<Workload> All =
    [
        RandomRead, RandomWrite, RandomMixed,
        SequentialRead, SequentialWrite, LargeRead, LargeWrite,
    ];
}
