namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>The hub's server cannot be reached, or refuses. The message names server, database and user, never a password.</summary>
public sealed class TaskHubUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
