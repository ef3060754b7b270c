// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>The checkout that this benchmark was built in.</summary>
internal static class Checkout
{
    /// <summary>The launcher at its root, which builds Braid when needed.</summary>
    public static string BraidLauncher => Path.Combine(Root, "braid");

    /// <summary>The program of `./bench engine`, where the launcher has built it.</summary>
    public static string EngineBench => Path.Combine(
        Root, "artifacts", "bin", "Braid.Bench.Micro", "release", "Braid.Bench.Micro.dll");

    private static string Root
    {
        get
        {
            DirectoryInfo? directory = new(AppContext.BaseDirectory);
            while (directory is not null && !IsRoot(directory)) directory = directory.Parent;
            return directory?.FullName ?? Environment.CurrentDirectory;
        }
    }

    private static bool IsRoot(DirectoryInfo directory) =>
        File.Exists(Path.Combine(directory.FullName, "Braid.slnx"));
}
