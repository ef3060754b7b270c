// SPDX-License-Identifier: Apache-2.0
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Braid.Daemon;

/// <summary>Requests and replies as lines of JSON.</summary>
public static class ControlJson
{
    /// <summary>Bytes of a request's line: the longest table is text of less.</summary>
    public const int MaxRequest = 1 << 20;

    /// <summary>Bytes of a reply's line: the tables of many maps.</summary>
    public const int MaxReply = 16 << 20;

    /// <summary>Table lines and URIs stay readable: nothing here is shown by a browser.</summary>
    private static readonly ControlJsonContext Context = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>Reads a request.</summary>
    /// <exception cref="ControlException">It is none.</exception>
    public static ControlRequest ReadRequest(ReadOnlySpan<byte> line)
    {
        try
        {
            ControlRequest? request = JsonSerializer.Deserialize(line, Context.ControlRequest);
            if (request is not null && !HasNull(request.Words) && !HasNull(request.Exports)
                && !HasNull(request.Ids))
                return request;
            throw new ControlException("the request has a null");
        }
        catch (JsonException error)
        {
            string where = FormattableString.Invariant($"byte {error.BytePositionInLine}");
            if (error.Path is { Length: > 0 } path) where += $", at {path}";
            throw new ControlException($"the request is not understood: {where}");
        }
    }

    /// <summary>Reads a reply, on the client's side.</summary>
    /// <exception cref="ControlException">It is none.</exception>
    public static ControlReply ReadReply(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Context.ControlReply)
                ?? throw new ControlException("the answer is null");
        }
        catch (JsonException error)
        {
            throw new ControlException($"the answer is not understood: {error.Message}");
        }
    }

    /// <summary>A request with its line end.</summary>
    /// <exception cref="ControlException">It is longer than a line may be.</exception>
    public static byte[] Write(ControlRequest request)
    {
        byte[] line = Line(JsonSerializer.SerializeToUtf8Bytes(request, Context.ControlRequest));
        if (line.Length <= MaxRequest) return line;
        throw new ControlException($"a request has at most {MaxRequest} bytes");
    }

    /// <summary>A reply with its line end.</summary>
    public static byte[] Write(ControlReply reply)
    {
        byte[] line = Line(JsonSerializer.SerializeToUtf8Bytes(reply, Context.ControlReply));
        if (line.Length <= MaxReply) return line;
        return Write(ControlReply.Refused(
            $"the answer has more than {MaxReply} bytes: ask for one map"));
    }

    /// <summary>What a reply says, for programs that read a command's output.</summary>
    public static string Print(ControlReply reply) =>
        JsonSerializer.Serialize(reply, Context.ControlReply);

    /// <summary>What may be in an array, no annotation tells the serializer.</summary>
    private static bool HasNull(IReadOnlyList<string?>? items) =>
        items?.Any(static item => item is null) is true;

    private static byte[] Line(byte[] json) => [.. json, (byte)'\n'];
}

/// <summary>Serialises without reflection.</summary>
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlReply))]
internal sealed partial class ControlJsonContext : JsonSerializerContext;

/// <summary>
/// The other side of a control socket does not do as it should; the message is one line.
/// </summary>
public sealed class ControlException(string message) : Exception(message);
