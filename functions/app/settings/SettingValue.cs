using System.ComponentModel;
using System.Globalization;

namespace SnapshotWorkflows.App.Settings;

/// <summary>One value, as the configuration binder reads it, and stricter where it would read what nobody meant.</summary>
internal static class SettingValue
{
    public static bool IsScalar(Type type) =>
        Nullable.GetUnderlyingType(type) is not null || type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(Uri) || type == typeof(TimeSpan);

    /// <returns>Null for a value that can be read; else what it has to be. Never the value: it may be a secret that stands at the wrong name.</returns>
    public static string? Fault(Type type, string value)
    {
        if (Nullable.GetUnderlyingType(type) is { } some) return value.Length == 0 ? null : Fault(some, value);
        if (type == typeof(string)) return null;
        if (type.IsEnum) return Names(type).Contains(value, StringComparer.OrdinalIgnoreCase) ? null : $"must be one of {string.Join(", ", Names(type)).ToLowerInvariant()}";
        if (type == typeof(TimeSpan)) return IsDuration(value) ? null : "must be a duration as hh:mm:ss or d.hh:mm:ss; a day is 1.00:00:00";
        return Converts(type, value) ? null : $"must be {Wanted(type)}";
    }

    // The first of an enumeration is "not set". Neither numbers nor combinations of names, which the binder takes, name one.
    private static IEnumerable<string> Names(Type type) => Enum.GetNames(type).Where(name => Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture) != 0);

    // "24:00:00" and "30" are read as 24 and 30 days.
    private static bool IsDuration(string value) =>
        TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var read) && (read.Days == 0 || (value.IndexOf('.', StringComparison.Ordinal) is > 0 and var day && day < value.IndexOf(':', StringComparison.Ordinal)));

    private static bool Converts(Type type, string value)
    {
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value) is not null || value.Length == 0;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            return false;
        }
    }

    private static string Wanted(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => "true or false",
        TypeCode.Double or TypeCode.Single or TypeCode.Decimal => "a number, such as 0.85",
        TypeCode.Int32 => $"a whole number of at most {int.MaxValue}",
        _ when type == typeof(Uri) => "an address, such as https://host",
        _ => "a whole number",
    };
}
