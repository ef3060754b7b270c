// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench;

/// <summary>
/// What a benchmark with one table says: the table at the terminal; in a file the machine, the
/// date and the command before it, so that a page can take it over.
/// </summary>
/// <param name="Environment">Of <see cref="BenchEnvironment"/>.</param>
/// <param name="Table">Markdown.</param>
internal sealed record BenchPage(
    IReadOnlyList<KeyValuePair<string, string>> Environment, string Table)
{
    /// <summary>The page as a file has it.</summary>
    public string Text =>
        string.Concat(Environment.Select(one => $"- {one.Key}: {one.Value}\n")) + $"\n{Table}";

    /// <summary>Prints the table, and writes the page if a file is named.</summary>
    /// <exception cref="BenchException">The file cannot be written.</exception>
    public async Task ShowAsync(string? file)
    {
        Console.Write(Table);
        await WriteAsync(file, () => Text);
    }

    /// <summary>Writes a file if one is named.</summary>
    /// <exception cref="BenchException">It cannot be written.</exception>
    public static async Task WriteAsync(string? file, Func<string> content)
    {
        if (file is null) return;
        try
        {
            await File.WriteAllTextAsync(file, content());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BenchException(exception.Message);
        }
    }
}
