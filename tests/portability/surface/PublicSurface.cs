using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Portability;

/// <summary>The members of a type that another assembly can name, each as one line: kind, name and shape, with simple type names.</summary>
internal static partial class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<Type> TypesOf(Assembly assembly) => assembly.GetExportedTypes().Where(type => !type.IsNested && !IsGenerated(type));

    /// <summary>Name and number of type parameters: what a type is found by.</summary>
    public static string KeyOf(Type type) => type.Name;

    /// <summary>What a caller may write of the type: with what its bases declare and what the compiler added to a record, and with optional parameters given.</summary>
    public static IReadOnlySet<string> OfferedBy(Type type)
    {
        var offered = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in MembersOf(type, inherited: true))
        {
            // Whoever may leave a parameter out may give it; a setter more than asked for hurts nobody; a property reads as a field does.
            foreach (var form in new[] { member, DefaultMark().Replace(member, "") })
            {
                offered.Add(form);
                offered.Add(form.Replace(" {get init}", " {get}", StringComparison.Ordinal));
                offered.Add(form.Replace(" {get set}", " {get}", StringComparison.Ordinal));
                offered.Add(form.Replace(" {get set}", " {get init}", StringComparison.Ordinal));
                offered.Add(form.Replace(" {get set}", " {init}", StringComparison.Ordinal));
                offered.Add(form.Replace(" {get}", "", StringComparison.Ordinal));
            }
        }

        return offered;
    }

    /// <param name="inherited">With what the bases declare, and what the compiler adds to records.</param>
    public static IReadOnlySet<string> MembersOf(Type type, bool inherited)
    {
        var members = new SortedSet<string>(StringComparer.Ordinal);
        for (var current = type; current is not null && current != typeof(object) && current != typeof(Exception) && current != typeof(Attribute); current = inherited ? current.BaseType : null)
        {
            foreach (var member in current.GetMembers(Declared).Where(member => inherited || !IsGenerated(member)))
            {
                if (Describe(member, type) is { } line)
                {
                    members.Add(line);
                }
            }
        }

        return members;
    }

    private static string? Describe(MemberInfo member, Type type) => member switch
    {
        ConstructorInfo { IsStatic: false } constructor when IsVisible(constructor) && !(type.IsAbstract && constructor.GetParameters().Length == 0) => $"new({Parameters(constructor)})",
        MethodInfo { IsSpecialName: true } method when IsVisible(method) && method.Name.StartsWith("op_", StringComparison.Ordinal) => $"{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => Name(parameter.ParameterType)))}): {Name(method.ReturnType)}",
        MethodInfo { IsSpecialName: false } method when IsVisible(method) && !IsOfObject(method) =>
            $"{(method.IsStatic ? "static " : "")}{method.Name}{Arity(method)}({Parameters(method)}): {Name(method.ReturnType)}",
        PropertyInfo property when Accessors(property) is { Length: > 0 } accessors => $"{property.Name}: {Name(property.PropertyType)} {{{accessors}}}",
        FieldInfo field when (field.IsPublic || field.IsFamily) && !field.IsSpecialName => $"{field.Name}: {Name(field.FieldType)}",
        _ => null,
    };

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsOfObject(MethodInfo method) => method.Name is "ToString" or "Equals" or "GetHashCode" or "PrintMembers" or "Finalize";

    private static string Accessors(PropertyInfo property)
    {
        var get = property.GetMethod is { } getter && IsVisible(getter) ? "get" : "";
        var set = property.SetMethod is { } setter && IsVisible(setter) ? IsInit(setter) ? "init" : "set" : "";
        return string.Join(' ', new[] { get, set }.Where(part => part.Length > 0));
    }

    private static bool IsInit(MethodInfo setter) => setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static string Arity(MethodInfo method) => method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{(parameter.IsOut ? "out " : "")}{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? "?" : "")}"));

    private static string Name(Type type)
    {
        // What a type parameter is called is nobody's business but its owner's.
        if (type.IsGenericParameter)
        {
            return type.IsGenericMethodParameter ? $"!!{type.GenericParameterPosition}" : $"!{type.GenericParameterPosition}";
        }

        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Name(value)}?";
        }

        return type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;
    }

    private static bool IsGenerated(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute), false) && member is not (PropertyInfo or Type) || member.Name.Contains('<', StringComparison.Ordinal) || member.Name == "EqualityContract";

    [GeneratedRegex(@"(?<=\w)\?(?=[,)])", RegexOptions.ExplicitCapture)]
    private static partial Regex DefaultMark();
}
