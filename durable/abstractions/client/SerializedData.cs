using SnapshotWorkflows.Durable.Converters;

namespace SnapshotWorkflows.Durable.Client;

/// <summary>A value as it is stored, and what reads it.</summary>
public sealed class SerializedData(string data, DataConverter? converter = null)
{
    public string Value { get; } = data;

    public DataConverter Converter { get; } = converter ?? JsonDataConverter.Default;

    public T ReadAs<T>() => Converter.Deserialize<T>(Value)!;
}
