// SPDX-License-Identifier: Apache-2.0
namespace Braid.Daemon;

/// <summary>Does what clients of the control socket ask. On the loop that serves them.</summary>
public interface IControlCommands
{
    /// <summary>Does it, or begins to. The exchange is answered now or later.</summary>
    void Execute(ControlExchange exchange);
}
