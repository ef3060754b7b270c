// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Multipath;

/// <summary>Whether a map works on requests or on bios (queue_mode).</summary>
public enum QueueMode
{
    /// <summary>
    /// rq or mq: requests are merged and scheduled first, the path is chosen last.
    /// </summary>
    Request,

    /// <summary>bio: a path is chosen for each bio.</summary>
    Bio,
}

/// <summary>The feature words of a table line, and how they are printed.</summary>
public sealed class MultipathFeatures
{
    public bool QueueIfNoPath { get; set; }

    /// <summary>Rounds of activation after the first; null when not given.</summary>
    public uint? PgInitRetries { get; set; }

    /// <summary>Before another round of activation; null when not given.</summary>
    public uint? PgInitDelayMs { get; set; }

    public bool RetainAttachedHandler { get; set; }

    public QueueMode QueueMode { get; set; }

    /// <summary>Bio mode cannot change the handler of a device, so it always keeps it.</summary>
    public bool RetainsHandler => RetainAttachedHandler || QueueMode == QueueMode.Bio;

    /// <summary>The words in force, as `table` prints them.</summary>
    public IReadOnlyList<string> Words()
    {
        var words = new List<string>();
        if (QueueIfNoPath) words.Add("queue_if_no_path");
        if (PgInitRetries is { } retries) words.AddRange(["pg_init_retries", Number(retries)]);
        if (PgInitDelayMs is { } delay) words.AddRange(["pg_init_delay_msecs", Number(delay)]);
        if (RetainsHandler) words.Add("retain_attached_hw_handler");
        if (QueueMode == QueueMode.Bio) words.AddRange(["queue_mode", "bio"]);
        return words;
    }

    private static string Number(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
