// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>Something that reads what others wrote, and how inputs for it are made.</summary>
internal abstract class FuzzTarget
{
    /// <summary>As `--target` names it.</summary>
    public abstract string Name { get; }

    /// <summary>Its share of all inputs, in thousandths.</summary>
    public abstract int Weight { get; }

    /// <summary>
    /// Bytes that an input of that many characters may have allocated at most.
    /// </summary>
    public abstract long MaxBytes(int length);

    /// <summary>Makes an input; all chance is the given one's.</summary>
    public abstract string Make(LoopRandom random);

    /// <summary>
    /// Reads an input. True if it was good; false if it was refused in one of the declared ways.
    /// Anything else, or what must not be, is an exception.
    /// </summary>
    public abstract bool Read(string input);

    /// <summary>Fails the input unless something holds.</summary>
    protected static void Check(bool condition, string what)
    {
        if (!condition) throw new FuzzException(what);
    }
}

/// <summary>An input did what no input may do.</summary>
internal sealed class FuzzException(string what) : Exception(what);
