using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>Adds the size limit to a converter.</summary>
internal sealed class PayloadConverter(DataConverter inner, int maxBytes) : DataConverter
{
    /// <exception cref="PayloadTooLargeException">Over the limit.</exception>
    [return: NotNullIfNotNull(nameof(value))]
    public override string? Serialize(object? value)
    {
        var data = inner.Serialize(value);
        if (data is not null && data.Length > maxBytes / 3 && Encoding.UTF8.GetByteCount(data) is var bytes && bytes > maxBytes)
            throw new PayloadTooLargeException(bytes, maxBytes);
        return data;
    }

    public override object? Deserialize(string? data, Type targetType) => inner.Deserialize(data, targetType);
}
