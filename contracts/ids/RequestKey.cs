using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Contracts;

/// <summary>
/// The 32 lower-case hex digits that name one request and everything made for it. It is the instance id of the workflow, the
/// snapshot's uuid without dashes, and part of every name and marker on array, host and store.
/// </summary>
[JsonConverter(typeof(RequestKeyJson))]
public readonly record struct RequestKey
{
    private const int Digits = 32;

    /// <exception cref="ArgumentException">Not 32 lower-case hex digits.</exception>
    public RequestKey(string value)
    {
        if (!IsValid(value)) throw new ArgumentException($"'{value}' is not a request key: 32 lower-case hex digits are expected.", nameof(value));
        Value = value;
    }

    public string Value { get; }

    /// <summary>The snapshot's uuid: the same digits in the form that CloudStack uses.</summary>
    public string Uuid => Guid.ParseExact(Value, "N").ToString("D");

    /// <summary>
    /// The name of the object that plays <paramref name="role"/> in this request, the same at every attempt. Letters, digits and dashes
    /// only and at most 64 long: the tightest rule among the appliances (a SolidFire volume's name).
    /// </summary>
    public string NameFor(string role)
    {
        var name = $"swf-{Value}-{role}";
        return name.Length <= 64 ? name : throw new ArgumentException($"The role '{role}' makes the name longer than 64 characters.", nameof(role));
    }

    public static bool IsValid(string? value) =>
        value is { Length: Digits } && value.All(static c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    /// <summary>Reads a key in either form, with dashes or without.</summary>
    public static bool TryParse(string? text, out RequestKey key)
    {
        key = default;
        if (!Guid.TryParse(text, out var guid)) return false;
        key = new RequestKey(guid.ToString("N"));
        return true;
    }

    public override string ToString() => Value;
}
