// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>
/// Draws bars, lines and text: nothing but SVG and its own style sheet, which follows the reader's
/// light or dark page.
/// </summary>
/// <param name="width">Of the picture, in pixels.</param>
internal sealed class SvgCanvas(int width)
{
    public const int BarHeight = 12;

    private const string Style = """
        <style>
          text { font: 12px system-ui, sans-serif; fill: #24292f; }
          .page { fill: #ffffff; }
          .title { font-size: 17px; font-weight: 600; }
          .quiet { fill: #6e7781; font-size: 11px; }
          .grid { stroke: #d0d7de; }
          .one { stroke: #24292f; stroke-dasharray: 4 3; }
          .spread { stroke: #24292f; stroke-opacity: .6; }
          .failed { fill: #cf222e; }
          .s0 { fill: #0f7b8a; } .s1 { fill: #e08a1e; }
          .s2 { fill: #8250df; } .s3 { fill: #2da44e; }
          .p0 { fill: #8c959f; } .p1 { fill: #bcc4cc; } .p2 { fill: #57606a; }
          @media (prefers-color-scheme: dark) {
            .page { fill: #0d1117; }
            text { fill: #e6edf3; }
            .quiet { fill: #8d96a0; }
            .grid { stroke: #30363d; }
            .one, .spread { stroke: #e6edf3; }
            .failed { fill: #ff7b72; }
            .s0 { fill: #39b5c6; } .s1 { fill: #f0a848; }
            .s2 { fill: #a983f5; } .s3 { fill: #56d364; }
            .p0 { fill: #6e7681; } .p1 { fill: #484f58; } .p2 { fill: #9aa4af; }
          }
        </style>
        """;

    private readonly StringBuilder _body = new();

    /// <summary>The whole picture.</summary>
    public string ToSvg(int height, string label)
    {
        string head = string.Create(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" "
            + $"width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{label}\">");
        // A ground of its own: a viewer that knows no colour scheme is readable on any page.
        const string Page = "<rect width=\"100%\" height=\"100%\" rx=\"8\" class=\"page\"/>";
        return $"{head}\n{Style}\n{Page}\n{_body}</svg>\n";
    }

    public void Bar(double x, double y, double width, string style, string title) =>
        _body.AppendLine(CultureInfo.InvariantCulture,
            $"<rect x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{BarHeight}\" "
            + $"rx=\"2\" class=\"{style}\"><title>{WebUtility.HtmlEncode(title)}</title></rect>");

    public void Line(double x1, double y1, double x2, double y2, string style) =>
        _body.AppendLine(CultureInfo.InvariantCulture,
            $"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" "
            + $"class=\"{style}\"/>");

    public void Text(
        double x, double y, string text, string style = "", string anchor = "start") =>
        _body.AppendLine(CultureInfo.InvariantCulture,
            $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" class=\"{style}\" text-anchor=\"{anchor}\">"
            + $"{WebUtility.HtmlEncode(text)}</text>");
}
