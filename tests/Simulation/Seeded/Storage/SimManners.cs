// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>How a server behaves just now. Shares are in a thousand requests.</summary>
internal sealed class SimManners
{
    /// <summary>Mean time until a request is done, and again until it is answered.</summary>
    public long ServiceNs { get; set; }

    /// <summary>Errors after which another path is to be tried.</summary>
    public int PathErrors { get; set; }

    /// <summary>Errors that are the storage's own word.</summary>
    public int HardErrors { get; set; }

    /// <summary>Replies that break the protocol.</summary>
    public int Breaches { get; set; }

    /// <summary>Requests that are never answered.</summary>
    public int Unanswered { get; set; }

    /// <summary>Activations that do not end well.</summary>
    public int Refusals { get; set; }

    /// <summary>Mean time that an activation takes, if more than the others.</summary>
    public long ActivationNs { get; set; }

    /// <summary>Accepts connections and says nothing.</summary>
    public bool IsMute { get; set; }

    /// <summary>What it says its size is; 0 for the truth.</summary>
    public long ClaimedBytes { get; set; }

    /// <summary>As good as it gets.</summary>
    public void Behave(long serviceNs)
    {
        ServiceNs = serviceNs;
        PathErrors = HardErrors = Breaches = Unanswered = Refusals = 0;
        ActivationNs = 0;
        IsMute = false;
        ClaimedBytes = 0;
    }
}
