using System.Diagnostics.CodeAnalysis;

namespace SnapshotWorkflows.Durable;

/// <summary>Turns inputs, outputs and event payloads into text and back.</summary>
public abstract class DataConverter
{
    [return: NotNullIfNotNull(nameof(value))]
    public abstract string? Serialize(object? value);

    public abstract object? Deserialize(string? data, Type targetType);

    public virtual T? Deserialize<T>(string? data) => (T?)Deserialize(data, typeof(T));
}
