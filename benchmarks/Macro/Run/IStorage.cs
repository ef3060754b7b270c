// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What is below all contenders, and who serves it.</summary>
internal interface IStorage : IDisposable
{
    /// <summary>CPU time of its servers so far; null where there are none.</summary>
    double? CpuSeconds { get; }

    /// <summary>The process behind the first path; null where there is none.</summary>
    ChildProcess? First(Transport transport);

    /// <summary>URI of a path; each has its own, also where one server is behind all.</summary>
    Task<string> UriAsync(Cell cell, int path, CancellationToken cancel);

    /// <summary>Without its servers no number means anything.</summary>
    void ThrowIfDead();
}
