namespace SnapshotWorkflows.Contracts;

/// <summary>A durable step: an activity's name with the types of what goes in and what comes back.</summary>
public sealed record Step<TInput, TOutput>(string Name);
