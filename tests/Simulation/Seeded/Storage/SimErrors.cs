// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>The errors that a server gives.</summary>
internal static class SimErrors
{
    private static readonly NbdError[] OfThePath =
        [NbdError.Io, NbdError.Io, NbdError.NoMemory, NbdError.Shutdown, (NbdError)4711];

    private static readonly NbdError[] Hard =
        [NbdError.NoSpace, NbdError.Invalid, NbdError.NotSupported, NbdError.NotPermitted];

    public static NbdError Draw(LoopRandom random, SimManners manners)
    {
        if (random.Chance(manners.PathErrors)) return OfThePath[random.Next(OfThePath.Length)];
        return random.Chance(manners.HardErrors) ? Hard[random.Next(Hard.Length)] : NbdError.None;
    }

    public static bool IsHard(NbdError error) => Array.IndexOf(Hard, error) >= 0;
}
