namespace SnapshotWorkflows.Durable.Client.Entities;

/// <summary>Selects entities. Times bound the last change, both inclusive.</summary>
public record EntityQuery
{
    public const int DefaultPageSize = 100;

    /// <summary>A prefix of <c>@name@key</c>; the @ in front may be left out, and the name is put in lower case.</summary>
    public string? InstanceIdStartsWith
    {
        get;
        init => field = value is null ? null : Normal(value.StartsWith('@') ? value : "@" + value);
    }

    public DateTimeOffset? LastModifiedFrom { get; init; }

    public DateTimeOffset? LastModifiedTo { get; init; }

    public bool IncludeState { get; init; } = true;

    /// <summary>Also entities that have no state: locked ones, and those with messages that wait.</summary>
    public bool IncludeTransient { get; init; }

    public int? PageSize { get; init; }

    public string? ContinuationToken { get; init; }

    private static string Normal(string prefix)
    {
        var second = prefix.IndexOf('@', 1);
#pragma warning disable CA1308 // The public form is lower case.
        return second < 0 ? prefix.ToLowerInvariant() : prefix[..second].ToLowerInvariant() + prefix[second..];
#pragma warning restore CA1308
    }
}
