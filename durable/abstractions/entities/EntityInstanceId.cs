using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Durable.Entities;

/// <summary>The id of an entity: <c>@name@key</c>. Names are kept in lower case, keys as they are.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct EntityInstanceId
{
    /// <exception cref="ArgumentException">The name is empty or has an @.</exception>
    public EntityInstanceId(string name, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(key);
        if (name.Contains('@', StringComparison.Ordinal))
            throw new ArgumentException("The name of an entity has no @.", nameof(name));
#pragma warning disable CA1308 // The public form is lower case.
        Name = name.ToLowerInvariant();
#pragma warning restore CA1308
        Key = key;
    }

    public string Name { get; }

    public string Key { get; }

    /// <exception cref="ArgumentException">Not of the form <c>@name@key</c>.</exception>
    public static EntityInstanceId FromString(string instanceId)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var second = instanceId[0] == '@' ? instanceId.IndexOf('@', 1) : -1;
        return second > 1
            ? new EntityInstanceId(instanceId[1..second], instanceId[(second + 1)..])
            : throw new ArgumentException($"'{instanceId}' is no entity id; it has the form @name@key.", nameof(instanceId));
    }

    public override string ToString() => $"@{Name}@{Key}";

    private sealed class Converter : JsonConverter<EntityInstanceId>
    {
        public override EntityInstanceId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => FromString(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, EntityInstanceId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
