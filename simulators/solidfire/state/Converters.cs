using System.Text.Json;
using System.Text.Json.Serialization;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>Bytes by their name in the block store.</summary>
internal sealed class DeviceConverter(SparseVolumeStore store) : JsonConverter<SparseVolume>
{
    public override SparseVolume Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        store.Open(reader.GetString()!) ?? throw new IOException($"The rows name the bytes {reader.GetString()}, which are not there: rows and blocks are not of one world.");

    public override void Write(Utf8JsonWriter writer, SparseVolume value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
}

/// <summary>Another object of the cluster by its number; null when it is gone, for a job that has ended outlives its volumes.</summary>
internal sealed class ReferenceConverter<T>(Func<T, long> number, Func<long, T?> find) : JsonConverter<T>
    where T : class
{
    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => find(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteNumberValue(number(value));
}
