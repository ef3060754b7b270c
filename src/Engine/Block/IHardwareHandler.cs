// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>How the activation of a path has ended (SCSI_DH_*).</summary>
public enum ActivationResult : byte
{
    Ok,

    /// <summary>There is no handler after all: as good as activated (SCSI_DH_NOSYS).</summary>
    NoHandler,

    /// <summary>The whole group cannot be used now: a controller loads firmware.</summary>
    DeviceTemporarilyBusy,

    /// <summary>Try again after a delay.</summary>
    Retry,

    /// <summary>Try again at once.</summary>
    RetryImmediately,

    /// <summary>The same: something ran out.</summary>
    ResourceUnavailable,

    DeviceOffline,

    /// <summary>Anything else that went wrong.</summary>
    IoError,
}

/// <summary>
/// Knows how a kind of storage is told to serve I/O by a path (struct scsi_device_handler). One for
/// each path it is attached to; on the path's loop.
/// </summary>
public interface IHardwareHandler
{
    /// <summary>As tables name it: alua.</summary>
    string Name { get; }

    /// <summary>Takes words of a table. Null, or why they are wrong (scsi_dh_set_params).</summary>
    string? SetParameters(IReadOnlyList<string> words) => $"{Name} takes no parameters";

    /// <summary>Has the path's group serve I/O; calls back once, not before it returns.</summary>
    void Activate(Action<ActivationResult> done);
}
