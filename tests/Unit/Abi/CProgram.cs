// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Braid.Tests.Unit.Abi;

/// <summary>What gcc makes of this machine's C headers.</summary>
internal static class CProgram
{
    /// <summary>Compiles and runs it; its output, or null and what the compiler said.</summary>
    public static (string? Output, string Errors) Run(string source)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("braid-abi-");
        try
        {
            string program = Path.Combine(folder.FullName, "abi");
            string file = program + ".c";
            File.WriteAllText(file, source);
            (int status, _, string errors) = Start("gcc", "-w", "-o", program, file);
            if (status != 0) return (null, errors);
            (status, string output, errors) = Start(program);
            status.ShouldBe(0, errors);
            return (output, errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static (int Status, string Output, string Errors) Start(
        string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
