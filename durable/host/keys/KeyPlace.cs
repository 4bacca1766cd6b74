namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>One collection of keys: which file it lies in, and under which member.</summary>
/// <param name="Function">Whose file; null = the host's.</param>
internal sealed record KeyPlace(string? Function, string Member)
{
    public static KeyPlace HostFunctions { get; } = new(null, "functionKeys");

    public static KeyPlace System { get; } = new(null, "systemKeys");

    /// <summary>Holds one key, not a list.</summary>
    public static KeyPlace Master { get; } = new(null, "masterKey");

    public static KeyPlace OfFunction(string function) => new(function, "keys");

    public override string ToString() => Function is null ? $"host {Member}" : $"function {Function}";
}
