// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>The checkout that this benchmark was built in.</summary>
internal static class Checkout
{
    /// <summary>The launcher at its root, which builds Braid when needed.</summary>
    public static string BraidLauncher => Path.Combine(Root, "braid");

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
