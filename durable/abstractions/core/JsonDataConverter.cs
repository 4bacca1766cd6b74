using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace SnapshotWorkflows.Durable.Converters;

/// <summary>System.Text.Json with fields included, as in the public package.</summary>
public class JsonDataConverter(JsonSerializerOptions? options = null) : DataConverter
{
    private static readonly JsonSerializerOptions s_defaults = new() { IncludeFields = true };

    private readonly JsonSerializerOptions _options = options ?? s_defaults;

    public static JsonDataConverter Default { get; } = new();

    [return: NotNullIfNotNull(nameof(value))]
    public override string? Serialize(object? value) => value is null ? null : JsonSerializer.Serialize(value, value.GetType(), _options);

    public override object? Deserialize(string? data, Type targetType) =>
        data is null ? null : JsonSerializer.Deserialize(data, targetType, _options);
}
