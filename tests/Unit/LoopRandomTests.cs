// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit;

public sealed class LoopRandomTests
{
    [Fact]
    public void A_seed_gives_the_same_numbers_again()
    {
        var first = new LoopRandom(7);
        var second = new LoopRandom(7);
        for (int i = 0; i < 100; i++) first.NextUInt64().ShouldBe(second.NextUInt64());
    }
}
