// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Fuzz;

/// <summary>
/// What is done to the message of a number before a hostile server sends it: one line of an input.
/// </summary>
internal static class ServerEdit
{
    public static readonly string[] Fields =
        ["magic", "flags", "type", "cookie", "length", "offset", "error", "size", "info"];

    /// <summary>What ends or delays the conversation; the session does that.</summary>
    public static readonly string[] Moments =
        ["drop", "twice", "later", "end", "reset", "hang", "again"];

    public static void Apply(FuzzLine line, WireMessage message)
    {
        int at = line.Number(2, message.Bytes.Length);
        switch (line.Word(1))
        {
            case "set":
                message.Set(line.Word(2), line.Number(3));
                break;
            case "add":
                message.Set(line.Word(2), (message.Get(line.Word(2)) ?? 0) + line.Number(3));
                break;
            case "byte" when at < message.Bytes.Length:
                message.Bytes = [.. message.Bytes];
                message.Bytes[at] = (byte)line.Number(3);
                break;
            case "cut":
                message.Bytes = message.Bytes[..at];
                break;
            case "insert":
                byte[] inserted = line.Bytes(3);
                message.Bytes = [.. message.Bytes[..at], .. inserted, .. message.Bytes[at..]];
                break;
            default:
                break;
        }
    }
}
