// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;

[assembly: DisableRuntimeMarshalling]

// Every local that native code reads is written in full before the call: stackalloc'ed iovecs,
// epoll_event arrays and message headers. Nothing else relies on zeroed locals.
[module: SkipLocalsInit]
