using System.Globalization;
using System.Text.Json;

namespace SnapshotWorkflows.Durable;

/// <summary>Makes what providers add to a failure storable.</summary>
internal static class FailureProperties
{
    /// <summary>Stands in place of the properties of a provider that threw, and says what.</summary>
    public const string NotProvided = "exceptionPropertiesNotProvided";

    /// <returns>Null when there is nothing to add.</returns>
    public static IDictionary<string, object?>? Of(Exception exception, IExceptionPropertiesProvider? provider)
    {
        try
        {
            return Storable(provider?.GetExceptionProperties(exception));
        }
        catch (Exception broken)
        {
            // The failure that is being told matters more than what was to be added to it.
            return new Dictionary<string, object?>(StringComparer.Ordinal) { [NotProvided] = broken.GetType().FullName };
        }
    }

    public static IDictionary<string, object?>? Storable(IDictionary<string, object?>? values)
    {
        if (values is null || values.All(value => IsPlain(value.Value)))
            return values;
        var storable = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
            storable[name] = IsPlain(value) ? value : Told(value!);
        return storable;
    }

    private static bool IsPlain(object? value) => value switch
    {
        null or string or bool or int or long => true,
        double number => double.IsFinite(number), // JSON has no other
        JsonElement element => element.ValueKind != JsonValueKind.Undefined,
        _ => false,
    };

    private static object Told(object value)
    {
        try
        {
            return JsonSerializer.SerializeToElement(value, value.GetType());
        }
        catch (Exception)
        {
            return Text(value);
        }
    }

    private static string Text(object value)
    {
        try
        {
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        }
        catch (Exception)
        {
            return value.GetType().FullName ?? value.GetType().Name;
        }
    }
}
