// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench;

/// <summary>Something the person at the keyboard can mend; its message is one line.</summary>
public sealed class BenchException(string message) : Exception(message);
