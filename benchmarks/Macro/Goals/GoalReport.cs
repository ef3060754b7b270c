// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>Each goal beside its figure, as Markdown, which reads as well on a terminal.</summary>
internal static class GoalReport
{
    public static string Write(GoalFigures figures)
    {
        var text = new StringBuilder();
        Append(text, ["condition", "figure", "measured", "goal", "met"]);
        Append(text, ["---", "---", "---:", "---:", "---"]);
        foreach (Goal goal in GoalList.All)
        {
            Append(text,
            [
                goal.What, goal.Figure, Measured(goal.Measure(figures)), Wanted(goal),
                Wanted(goal).Length > 0 ? Verdict(goal.IsMet(figures)) : "",
            ]);
        }
        foreach (CellSummary failed in figures.Nbd.Failures.Concat(figures.Loops.Failures))
            text.Append($"\n- **failed** {failed.Cell} {failed.Contender}: `{failed.Failure}`\n");
        return text.ToString();
    }

    private static string Measured(Spread? spread) => spread switch
    {
        null => "failed",
        { } one when one.Min == one.Max => Format.Significant(one.Median),
        { } all => $"{Format.Significant(all.Median)} "
            + $"({Format.Significant(all.Min)}–{Format.Significant(all.Max)})",
    };

    private static string Wanted(Goal goal) => goal switch
    {
        { Least: double least } => Plain(least),
        { Most: double most } => $"at most {Plain(most)}",
        _ => "",
    };

    private static string Verdict(bool? isMet) => isMet switch
    {
        true => "yes",
        false => "no",
        null => "–",
    };

    private static string Plain(double value) =>
        value.ToString("0.###", CultureInfo.InvariantCulture);

    private static void Append(StringBuilder text, string[] cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
