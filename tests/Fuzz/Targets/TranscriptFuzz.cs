// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Scenario;

namespace Braid.Tests.Fuzz;

/// <summary>The comparer of transcripts. Each is equal to itself.</summary>
internal sealed class TranscriptFuzz : FuzzTarget
{
    /// <summary>Parts the two transcripts of an input.</summary>
    private const char Border = '\u0001';

    private const int MaxLength = 3000;

    private static readonly string[] Words =
    [
        "\n> ", "\n| ", "\n= ", "\nk ", "\n|\n", "pending", "device-mapper: ", "Command failed.",
        "braid: ", "table:  ", "status: ", "info:   ", "Failing path @a.", "Reinstating path @b.",
        "@mp:", "mp:L-sw:1", "x:L--w:99999999999999999999", "alua: ",
    ];

    public override string Name => "transcript";

    public override int Weight => 20;

    public override long MaxBytes(int length) => 65_536 + (512L * length);

    public override string Make(LoopRandom random)
    {
        var mutator = new Mutator(random, Words);
        string first = mutator.Pick(Corpus.Transcripts);
        string second = random.Chance(800) ? first : mutator.Pick(Corpus.Transcripts);
        return Short(mutator.Change(Short(first), Corpus.Transcripts))
            + Border + Short(mutator.Change(Short(second), Corpus.Transcripts));
    }

    public override bool Read(string input)
    {
        string[] both = input.Split(Border, 2);
        string second = both.Length > 1 ? both[1] : "";
        Check(TranscriptComparer.Compare(both[0], both[0]).Count == 0, "it differs from itself");
        IReadOnlyList<string> found = TranscriptComparer.Compare(both[0], second);
        Check(found.All(line => line.Length > 0), "a difference without words");
        return found.Count == 0;
    }

    private static string Short(string text) =>
        text.Length <= MaxLength ? text : text[..MaxLength];
}
