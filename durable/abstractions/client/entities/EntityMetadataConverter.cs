using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Durable.Client.Entities;

/// <summary>Writes metadata as the public package does: empty members are left out, a serialized state is a text.</summary>
internal sealed class EntityMetadataConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert == typeof(EntityMetadata) || (typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(EntityMetadata<>));

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) => typeToConvert == typeof(EntityMetadata)
        ? new Of<EntityMetadata, SerializedData>()
        : (JsonConverter)Activator.CreateInstance(typeof(Of<,>).MakeGenericType(typeToConvert, typeToConvert.GetGenericArguments()[0]))!;

    private sealed class Of<T, TState> : JsonConverter<T> where T : EntityMetadata<TState>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("Metadata of entities is not read.");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            string Name(string member) => options.PropertyNamingPolicy?.ConvertName(member) ?? member;
            writer.WriteStartObject();
            writer.WriteString(Name(nameof(value.Id)), value.Id.ToString());
            writer.WriteString(Name(nameof(value.LastModifiedTime)), value.LastModifiedTime);
            if (value.BacklogQueueSize > 0)
                writer.WriteNumber(Name(nameof(value.BacklogQueueSize)), value.BacklogQueueSize);
            if (value.LockedBy is { } owner)
                writer.WriteString(Name(nameof(value.LockedBy)), owner);
            if (value.IncludesState && value.State is SerializedData stored)
            {
                writer.WriteString(Name(nameof(value.State)), stored.Value);
            }
            else if (value.IncludesState)
            {
                writer.WritePropertyName(Name(nameof(value.State)));
                JsonSerializer.Serialize(writer, value.State, options);
            }
            writer.WriteEndObject();
        }
    }
}
