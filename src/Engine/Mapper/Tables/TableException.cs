// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>A table that cannot be loaded: which word, where, and what was expected.</summary>
public sealed class TableException : Exception
{
    public TableException(string problem, TableWords? at = null)
        : base(at is null ? problem : $"{problem}, at {at.Where}")
    {
    }

    public TableException(string message, Exception cause)
        : base(message, cause)
    {
    }
}

/// <summary>A message to a target that it does not understand or cannot follow.</summary>
public sealed class MessageException : Exception
{
    public MessageException(string problem)
        : base(problem)
    {
    }
}
