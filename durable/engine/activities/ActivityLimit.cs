namespace SnapshotWorkflows.Durable.Engine;

/// <summary>How much of one activity this process runs. Calls over it wait; they hold no place among <see cref="DurableEngineOptions.MaxConcurrentActivities"/>.</summary>
/// <param name="MaxConcurrent">At the same time; null for no limit of its own.</param>
/// <param name="MaxStarts">Begun within <paramref name="Period"/>, evenly spaced after a burst of that many; null for no limit.</param>
public sealed record ActivityLimit(int? MaxConcurrent = null, int? MaxStarts = null, TimeSpan Period = default);
