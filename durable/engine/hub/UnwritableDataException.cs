namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>The hub does not take what was to be written, and never will: it is the data (too long, of a wrong kind, against a rule of the tables), not the hub's state. Nothing was written.</summary>
public sealed class UnwritableDataException(string message, Exception inner) : Exception(message, inner);
