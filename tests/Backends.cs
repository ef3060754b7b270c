// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests;

/// <summary>Loops of the machine, of the backend that a test is for.</summary>
internal static class Backends
{
    /// <summary>Skips the running test where the machine does not allow that backend.</summary>
    public static IoLoop Start(IoBackend backend)
    {
        try
        {
            return IoLoops.Start("braid-unit", backend, static _ => { });
        }
        catch (ErrnoException error)
        {
            Assert.Skip($"the machine does not allow it: {error.Message}");
            throw;
        }
    }
}
