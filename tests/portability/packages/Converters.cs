using System.Text.Json;

namespace Microsoft.DurableTask.Converters;

public class JsonDataConverter : DataConverter
{
    public JsonDataConverter(JsonSerializerOptions? options = null) => throw Signature.Only;
    public static JsonDataConverter Default => throw Signature.Only;
    public override string? Serialize(object? value) => throw Signature.Only;
    public override object? Deserialize(string? data, Type targetType) => throw Signature.Only;
}
