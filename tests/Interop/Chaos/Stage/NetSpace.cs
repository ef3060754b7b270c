// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Braid.Tests.Interop.Support;
using Microsoft.Win32.SafeHandles;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// A network namespace without a name, held by a process that sleeps in it. When that process and
/// those inside are gone, so are the namespace, its links and its rules, whatever has become of us.
/// </summary>
internal sealed partial class NetSpace
{
    private const int NewNet = 0x40000000; // CLONE_NEWNET

    private readonly Scratch _scratch;
    private readonly Peer _holder;

    private NetSpace(Scratch scratch, Peer holder) => (_scratch, _holder) = (scratch, holder);

    private string File => $"/proc/{Pid}/ns/net";

    private string Pid => _holder.Pid.ToString(CultureInfo.InvariantCulture);

    /// <summary>A new one; it has nothing but a loopback.</summary>
    public static async Task<NetSpace> CreateAsync(Scratch scratch)
    {
        Peer holder = await scratch.StartAsync(
            "namespace", ["unshare", "--net", "--", "sleep", "infinity"]);
        var space = new NetSpace(scratch, holder);
        string? outside = new FileInfo("/proc/self/ns/net").LinkTarget;
        await Eventually.IsTrueAsync(
            () => holder.HasExited || new FileInfo(space.File).LinkTarget != outside,
            "a network namespace is made");
        if (holder.HasExited) throw new ChaosException($"no network namespace: {holder}");
        await space.RunAsync("ip", "link", "set", "lo", "up");
        return space;
    }

    /// <summary>The command, to be run inside.</summary>
    public string[] Inside(params IEnumerable<string> command) =>
        ["nsenter", $"--net={File}", "--", .. command];

    public Task RunAsync(params string[] command) => _scratch.RunAsync(Inside(command));

    /// <summary>A pair of links to another one, up, each end with its address.</summary>
    public async Task LinkAsync(
        string name, string address, NetSpace other, string otherName, string otherAddress)
    {
        await RunAsync("ip", "link", "add", "name", name, "type", "veth",
            "peer", "name", otherName, "netns", other.Pid);
        await RunAsync("ip", "address", "add", $"{address}/30", "dev", name);
        await other.RunAsync("ip", "address", "add", $"{otherAddress}/30", "dev", otherName);
        await RunAsync("ip", "link", "set", "dev", name, "up");
        await other.RunAsync("ip", "link", "set", "dev", otherName, "up");
    }

    /// <summary>
    /// A socket made inside. A thread of its own goes there and ends: it could not be used again.
    /// </summary>
    public Socket MakeSocket(Func<Socket> make)
    {
        Socket? socket = null;
        Exception? problem = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter();
                socket = make();
            }
            catch (Exception error)
            {
                problem = error;
            }
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new ChaosException($"no socket in a namespace: {problem?.Message}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int kind);

    private void Enter()
    {
        using SafeFileHandle file = System.IO.File.OpenHandle(File);
        if (SetNamespace(file, NewNet) != 0)
            throw new ChaosException($"setns: errno {Marshal.GetLastPInvokeError()}");
    }
}
