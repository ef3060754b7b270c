// SPDX-License-Identifier: Apache-2.0
using Braid.Daemon;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>URIs of paths and of exports. One that is read is written and read again.</summary>
internal sealed class UriFuzz : FuzzTarget
{
    private static readonly string[] Words =
    [
        "nbd", "nbd+unix", "nbds", "mem", "file", "socket", "size", "direct", "localhost",
        "[::1]", "[", "64M", "1T", "8388607T", "9223372036854775807", "K", "user@host", ":10809",
        ":65535", ":65536", ":", "%2F", "%41", "a/b", "/run/x.sock", "&socket=/a", "name",
    ];

    public override string Name => "uri";

    public override int Weight => 325;

    public override long MaxBytes(int length) => 65_536 + (1024L * length);

    public override string Make(LoopRandom random)
    {
        var mutator = new Mutator(random, Words);
        return mutator.Change(mutator.Pick(Corpus.Uris), Corpus.Uris);
    }

    public override bool Read(string input) => ReadPath(input) | ReadExport(input);

    private static bool ReadPath(string input)
    {
        try
        {
            PathUri uri = PathUri.Parse(input);
            if (uri is NbdPathUri nbd) CheckRoundTrip(nbd.Nbd);
            if (uri is FilePathUri file) _ = Path.GetFullPath(file.Path);
            if (uri is MemoryPathUri memory) Check(memory.SizeBytes >= 0, "a negative size");
            return true;
        }
        catch (UriException error)
        {
            CheckMessage(error.Message);
            return false;
        }
    }

    private static bool ReadExport(string input)
    {
        try
        {
            ExportUri uri = ExportUri.Parse(input);
            CheckRoundTrip(NbdUri.Parse(ExportUri.Describe(uri.Endpoint, uri.Name)));
            return true;
        }
        catch (UriException error)
        {
            CheckMessage(error.Message);
            return false;
        }
    }

    private static void CheckRoundTrip(NbdUri uri)
    {
        // Half a letter cannot be written in UTF-8, nor come from a command line or a file.
        if (uri.ToString().Contains("%EF%BF%BD", StringComparison.Ordinal)) return;
        NbdUri again;
        try
        {
            again = NbdUri.Parse(uri.ToString());
        }
        catch (UriException error)
        {
            throw new FuzzException($"{uri} is not read back: {error.Message}");
        }
        Check(again == uri, $"{uri} is read back as another");
    }

    private static void CheckMessage(string message) =>
        Check(message.Length > 0, "an error without words");
}
