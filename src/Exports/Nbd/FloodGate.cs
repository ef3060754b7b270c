// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Exports.Nbd;

/// <summary>
/// Holds clients that have much in flight back while one that waits for each of its commands uses
/// the same device: what a flood has queued in the paths, and in front of the processors, the other
/// waits for. On the loop.
/// </summary>
/// <param name="loop">The loop of the clients.</param>
/// <param name="holds">False for one that is always open.</param>
internal sealed class FloodGate(IoLoop loop, bool holds)
{
    /// <summary>Who has no more commands in flight than this is no flood.</summary>
    public const int LightDepth = 2;

    /// <summary>
    /// Whose command takes longer waits for something else than floods: for a path that hangs, or
    /// for nothing, since it does not read its reply.
    /// </summary>
    private const long MostBusyNs = 1_000_000_000;

    private readonly FloodDepth _depth = new();
    private int _clients;

    /// <summary>One that waits for each of its commands; others may be there as well.</summary>
    private ClientLoad? _light;

    private long _lightUntilNs;

    public long NowNs => loop.NowNs;

    private bool HasLight => _light is not null && NowNs < _lightUntilNs;

    public ClientLoad Add()
    {
        _clients++;
        return new ClientLoad(this);
    }

    /// <summary>False when that was the last.</summary>
    public bool Remove(ClientLoad client)
    {
        if (_light == client) _light = null;
        return --_clients > 0;
    }

    /// <summary>Whether a client that has so many in flight may have one more.</summary>
    public bool Admits(ClientLoad client, int active)
    {
        if (!IsShut(client) || active < _depth.Now) return true;
        client.BeFlood();
        _depth.Felt();
        return false;
    }

    /// <summary>Whether a client is held back: another one is light.</summary>
    public bool IsShut(ClientLoad client) => holds && _light != client && HasLight;

    /// <summary>A client has begun a command, and has so many.</summary>
    public void Started(ClientLoad client, int active)
    {
        if (!client.IsFlood) SeeLight(client, active);
        else if (_light == client) _light = null;
    }

    /// <summary>A client's command is over, and it has so many more.</summary>
    public void Ended(ClientLoad client, int active)
    {
        if (_light == client) SeeLight(client, active);
        else if (!client.IsFlood) return;
        else if (!IsShut(client)) _depth.Pause();
        else if (active < _depth.Now) _depth.CountEnd(NowNs);
    }

    /// <summary>
    /// Whoever is about to send a lot seems to be light at first: it takes nobody's place.
    /// </summary>
    private void SeeLight(ClientLoad client, int active)
    {
        if (_light != client && HasLight) return;
        _light = client;
        _lightUntilNs = NowNs + (active > 0 ? MostBusyNs : ClientLoad.MemoryNs);
    }
}
