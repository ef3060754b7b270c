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

    private readonly List<ClientLoad> _clients = [];
    private readonly FloodDepth _depth = new();

    /// <summary>Who was the last that waits for each command, and how long it counts.</summary>
    private ClientLoad? _light;
    private long _lightUntilNs;

    /// <summary>Floods at the last count, and when that was.</summary>
    private int _floods = 1;
    private long _countedNs;

    public long NowNs => loop.NowNs;

    public ClientLoad Add()
    {
        var client = new ClientLoad(this);
        _clients.Add(client);
        return client;
    }

    /// <summary>False when that was the last.</summary>
    public bool Remove(ClientLoad client)
    {
        _clients.Remove(client);
        if (_light == client) _light = null;
        return _clients.Count > 0;
    }

    /// <summary>Whether a client that has so many in flight may have one more.</summary>
    public bool Admits(ClientLoad client, int active)
    {
        if (!IsShut(client) || active < Share()) return true;
        client.BeFlood();
        _depth.Felt();
        return false;
    }

    /// <summary>A client has begun a command.</summary>
    public void Started(ClientLoad client)
    {
        if (!client.IsFlood) SeeLight(client);
        else if (_light == client) _light = null;
    }

    /// <summary>A client's command is over, and it has so many more.</summary>
    public void Ended(ClientLoad client, int active)
    {
        if (_light == client) SeeLight(client);
        else if (!IsShut(client)) _depth.Interrupt(NowNs);
        else if (client.IsFlood && active < Share()) _depth.CountEnd(NowNs);
    }

    private void SeeLight(ClientLoad client)
    {
        _light = client;
        _lightUntilNs = NowNs + ClientLoad.MemoryNs;
    }

    private bool IsShut(ClientLoad client) =>
        holds && _light is not null && _light != client && NowNs < _lightUntilNs;

    /// <summary>Commands that each of the floods may have in flight.</summary>
    private int Share() => Math.Max(1, _depth.Now / CountFloods());

    private int CountFloods()
    {
        if (NowNs - _countedNs < ClientLoad.MemoryNs / 4) return _floods;
        _countedNs = NowNs;
        int floods = 0;
        foreach (ClientLoad client in _clients)
            if (client.IsFlood) floods++;
        return _floods = Math.Max(1, floods);
    }
}
