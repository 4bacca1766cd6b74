namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The context's time as what it is: UTC.</summary>
internal static class Times
{
    public static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
