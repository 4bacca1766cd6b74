namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>An input, output or event is over <see cref="DurableEngineOptions.MaxPayloadBytes"/>.</summary>
public sealed class PayloadTooLargeException(int bytes, int limit) : ArgumentException(
    $"The payload has {bytes} bytes; at most {limit} are allowed. Store the data elsewhere and pass a reference to it.");
