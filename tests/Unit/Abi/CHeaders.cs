// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Tests.Unit.Abi;

/// <summary>The numbers of C expressions, compiled against the headers of this machine.</summary>
internal static class CHeaders
{
    /// <summary>A constant or structure from another header gets its line here.</summary>
    private const string Includes = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <netinet/in.h>
        #include <netinet/tcp.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <sys/epoll.h>
        #include <sys/eventfd.h>
        #include <sys/ioctl.h>
        #include <sys/mman.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/uio.h>
        #include <sys/un.h>
        #include <unistd.h>
        #include <linux/falloc.h>
        #include <linux/fs.h>
        #include <linux/io_uring.h>
        #include <linux/time_types.h>
        #include <sys/syscall.h>

        """;

    /// <summary>
    /// The value of each expression. Fails, with the compiler's words, when a name in one of them
    /// is in no header.
    /// </summary>
    public static Dictionary<string, long> Evaluate(IEnumerable<string> expressions)
    {
        IEnumerable<string> names = expressions.Distinct();
        IEnumerable<string> prints = names.Select(
            name => $"    printf(\"%lld\\t%s\\n\", (long long)({name}), \"{name}\");\n");
        (string? output, string errors) = CProgram.Run(
            $"{Includes}int main(void)\n{{\n{string.Concat(prints)}    return 0;\n}}\n");
        output.ShouldNotBeNull(errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .ToDictionary(
                pair => pair[1], pair => long.Parse(pair[0], CultureInfo.InvariantCulture));
    }
}
