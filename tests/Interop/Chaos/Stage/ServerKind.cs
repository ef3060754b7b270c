// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

internal enum ServerKind
{
    Nbdkit,
    QemuNbd,
}
