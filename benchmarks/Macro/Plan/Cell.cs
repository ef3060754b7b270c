// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>How clients reach a contender, and a contender its server.</summary>
internal enum Transport
{
    Unix,
    Tcp,
}

/// <summary>One condition that every contender is measured under.</summary>
internal sealed record Cell(Workload Workload, int Depth)
{
    /// <summary>Client connections; each keeps <see cref="Depth"/> I/Os in flight.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>Paths below a multipath contender; the others use the first only.</summary>
    public int Paths { get; init; } = 2;

    public Transport Transport { get; init; }

    /// <summary>Of a file that contenders open themselves, by one path.</summary>
    public bool IsOfFile { get; init; }

    /// <summary>The file is opened with O_DIRECT.</summary>
    public bool IsDirect { get; init; }

    /// <summary>I/Os a second of each connection, at the most; null for as many as go.</summary>
    public int? Rate { get; init; }

    /// <summary>The ordinary choices (1 connection, 2 paths, unix sockets) go unsaid.</summary>
    public string Name => $"{Workload.Name}-d{Depth}"
        + (Connections == 1 ? "" : $"-c{Connections}")
        + (Paths == 2 || IsOfFile ? "" : $"-p{Paths}")
        + (Transport == Transport.Tcp ? "-tcp" : "")
        + (IsDirect ? "-odirect" : "")
        + (Rate is { } rate ? $"-r{rate}" : "");

    public override string ToString() => Name;
}
