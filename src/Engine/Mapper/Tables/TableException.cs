// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>
/// Something that was asked of a mapped device cannot be done. The message is one line for the
/// user.
/// </summary>
public abstract class MapperException : Exception
{
    protected MapperException(string message)
        : base(message)
    {
    }

    protected MapperException(string message, Exception cause)
        : base(message, cause)
    {
    }
}

/// <summary>A table that cannot be loaded: which word, where, and what was expected.</summary>
public sealed class TableException : MapperException
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
public sealed class MessageException(string problem) : MapperException(problem);

/// <summary>The device, or one that it is needed for, is in use (EBUSY).</summary>
public sealed class DeviceBusyException(string message) : MapperException(message);

/// <summary>There is no device of that name, or there is one already (ENXIO, EEXIST).</summary>
public sealed class DeviceNameException(string message) : MapperException(message);
