using System.Text;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Rules that hold for every object's attributes and for volume and snapshot names.</summary>
internal static class ObjectAttributes
{
    private const int Limit = 1000;

    /// <summary>The attributes given, or null; together they stay under 1000 bytes of JSON.</summary>
    public static JsonObject? Read(CallParameters parameters)
    {
        var attributes = parameters.Object("attributes");
        return attributes is null || Encoding.UTF8.GetByteCount(attributes.ToJsonString()) < Limit
            ? attributes
            : throw ApiError.LimitExceeded($"Attributes exceed the limit of {Limit} bytes");
    }

    public static string VolumeName(string name) => name.Length is >= 1 and <= 64 && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '-')
        ? name
        : throw ApiError.InvalidParameter($"{name} is not a valid name. The name must only contain digits, alphabetic characters or a -");
}
