// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.CommandLine.Parsing;

namespace Braid.Cli;

/// <summary>An argument that is a name, and not an option that was mistyped.</summary>
internal static class NameArgument
{
    public static Argument<T> Create<T>(string description, string name = "NAME")
    {
        var argument = new Argument<T>(name) { Description = description };
        argument.Validators.Add(static result =>
        {
            foreach (Token token in result.Tokens)
                if (token.Value.StartsWith('-')) result.AddError($"no option '{token.Value}'");
        });
        return argument;
    }
}
