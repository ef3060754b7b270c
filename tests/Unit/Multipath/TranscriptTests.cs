// SPDX-License-Identifier: Apache-2.0
using System.Reflection;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// What the kernel's dm-multipath (6.1) did, step by step, is done again and compared: table and
/// status text character by character, exit statuses, event numbers, I/O results, and its log lines
/// about paths. The words of its errors are not ours.
/// </summary>
public sealed class TranscriptTests
{
    private const string Folder = "Braid.Tests.Unit.Multipath.Transcripts.";

    public static TheoryData<string> Names()
    {
        var names = new TheoryData<string>();
        foreach (string name in Assembly.GetExecutingAssembly().GetManifestResourceNames())
            if (name.StartsWith(Folder, StringComparison.Ordinal)) names.Add(name[Folder.Length..]);
        return names;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_kernels_transcript_is_followed(string name)
    {
        var player = new TranscriptPlayer();
        foreach (TranscriptStep step in TranscriptStep.Read(Text(name)))
        {
            TranscriptStep ours = player.Play(step.Command);
            ours.Status.ShouldBe(step.Status, step.Command);
            if (step.Status != 0 && !step.Command.StartsWith("write", StringComparison.Ordinal))
                continue;
            ours.Output.ShouldBe(step.Output, step.Command);
            ours.Log.ShouldBe(step.Log, step.Command);
        }
        player.Steps.ShouldBeGreaterThan(5);
    }

    private static string Text(string name)
    {
        using Stream stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(Folder + name)!;
        return new StreamReader(stream).ReadToEnd();
    }
}
