// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Net.Sockets;

namespace Braid.Bench.Macro;

/// <summary>Waits until a process serves NBD at its address.</summary>
internal static class NbdProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Two magics and 16 bits of flags (NBD proto: newstyle negotiation).</summary>
    private const int GreetingLength = 18;

    /// <summary>
    /// The client flag of fixed newstyle and NBD_OPT_ABORT: hanging up without a word would leave
    /// complaints in the logs that error messages quote.
    /// </summary>
    private static readonly byte[] Farewell =
        [0, 0, 0, 1, .. "IHAVEOPT"u8, 0, 0, 0, 2, 0, 0, 0, 0];

    public static async Task WaitAsync(
        string name, ChildProcess process, NbdAddress address, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        while (!await IsGreetedAsync(address, cancel))
        {
            if (process.HasExited)
                throw new BenchException($"{name} ended at once: {process.LastWords}");
            if (clock.Elapsed > Patience)
                throw new BenchException(
                    $"{name} does not serve {address.Uri} after {Patience.TotalSeconds:0} s: "
                    + process.LastWords);
            await Task.Delay(Pause, cancel);
        }
    }

    private static async Task<bool> IsGreetedAsync(NbdAddress address, CancellationToken cancel)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timer.CancelAfter(TimeSpan.FromSeconds(1));
        try
        {
            using var socket = new Socket(
                address.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(address.EndPoint, timer.Token);
            byte[] greeting = new byte[GreetingLength];
            int length = await socket.ReceiveAsync(greeting, timer.Token);
            if (length < greeting.Length || !greeting.AsSpan().StartsWith("NBDMAGICIHAVEOPT"u8))
                return false;
            await socket.SendAsync(Farewell, timer.Token);
            return true;
        }
        catch (Exception exception) when (
            exception is SocketException
            || (exception is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }
}
