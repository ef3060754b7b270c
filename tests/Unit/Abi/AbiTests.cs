// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Braid.Io.Abi;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Abi;

/// <summary>
/// src/Io/Abi against the C headers of this machine. What there is to compare is found by
/// reflection: a constant or structure that C does not have by that name fails.
/// </summary>
[Collection(StartsProcesses.Name)]
public sealed class AbiTests
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic
        | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    [Fact]
    public void Every_constant_has_the_value_of_the_C_header()
    {
        Needs.Tool("gcc");
        Dictionary<string, long> ours = Constants();
        ours.Count.ShouldBeGreaterThan(50);
        Compare(ours);
    }

    [Fact]
    public void Every_structure_has_the_layout_of_the_C_header()
    {
        Needs.Tool("gcc");
        var ours = new Dictionary<string, long>();
        foreach (Type type in Structures()) Measure(type, ours);
        ours.ShouldContainKey("sizeof(struct epoll_event)");
        ours.ShouldContainKey("offsetof(struct iovec, iov_len)");
        ours.ShouldContainKey("offsetof(struct msghdr, msg_flags)");
        Compare(ours);
    }

    [Fact]
    public void A_wrong_value_is_found()
    {
        Needs.Tool("gcc");
        Should.Throw<ShouldAssertException>(() => Compare(new() { ["EAGAIN"] = 12 }))
            .Message.ShouldContain("EAGAIN is 12 here, 11 in C");
    }

    [Fact]
    public void A_name_that_C_does_not_have_is_found()
    {
        Needs.Tool("gcc");
        Should.Throw<ShouldAssertException>(() => Compare(new() { ["NO_SUCH_NAME"] = 1 }))
            .Message.ShouldContain("NO_SUCH_NAME");
    }

    /// <summary>What differs between machines is a property: O_DIRECT.</summary>
    private static Dictionary<string, long> Constants()
    {
        var constants = new Dictionary<string, long>();
        foreach (FieldInfo field in typeof(Libc).GetFields(Everything))
            if (field.IsLiteral) constants[field.Name] = Number(field.GetRawConstantValue());
        foreach (PropertyInfo property in typeof(Libc).GetProperties(Everything))
            constants[property.Name] = Number(property.GetValue(null));
        return constants;
    }

    private static long Number(object? value) =>
        Convert.ToInt64(value, CultureInfo.InvariantCulture);

    /// <summary>All of the Abi folder but the epoll_event of other machines.</summary>
    private static IEnumerable<Type> Structures()
    {
        bool isPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
        Type other = isPacked ? typeof(epoll_event_aligned) : typeof(epoll_event_packed);
        return typeof(Libc).Assembly.GetTypes().Where(
            type => type.IsValueType && !type.IsNested && type.Namespace == typeof(Libc).Namespace
                && type != other);
    }

    private static void Measure(Type type, Dictionary<string, long> ours)
    {
        string name = "struct " + type.Name
            .Replace("_packed", "", StringComparison.Ordinal)
            .Replace("_aligned", "", StringComparison.Ordinal);
        ours[$"sizeof({name})"] = Marshal.SizeOf(type);
        foreach (FieldInfo field in type.GetFields(Everything))
        {
            string member = $"(({name} *)0)->{field.Name}";
            ours[$"offsetof({name}, {field.Name})"] = (long)Marshal.OffsetOf(type, field.Name);
            ours[$"sizeof({member})"] = SizeOf(field.FieldType);
        }
    }

    private static int SizeOf(Type type) =>
        type.IsPointer || type.IsFunctionPointer ? IntPtr.Size : Marshal.SizeOf(type);

    private static void Compare(Dictionary<string, long> ours)
    {
        Dictionary<string, long> theirs = CHeaders.Evaluate(ours.Keys);
        ours.Where(pair => theirs[pair.Key] != pair.Value)
            .Select(pair => $"{pair.Key} is {pair.Value} here, {theirs[pair.Key]} in C")
            .ShouldBeEmpty();
    }
}
