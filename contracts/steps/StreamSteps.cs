namespace SnapshotWorkflows.Contracts;

/// <summary>Where a streamed copy goes; what its undo has to take away.</summary>
/// <param name="Folder">The snapshot's own folder.</param>
/// <param name="Location">The data's name.</param>
/// <param name="Format"><see cref="DataFormats"/>.</param>
public sealed record StreamTarget(RequestKey Key, string Destination, string Folder, string Location, string Format);

/// <param name="TakenAt">The array's time of the snapshot: the copy's own time, the same at every attempt.</param>
public sealed record CopyStreamInput(StreamTarget Target, string Pool, string VdiUuid, long VirtualSizeBytes, DateTimeOffset TakenAt);

/// <param name="Location">Where the data lies.</param>
/// <param name="Content">What was read from the clone, hashed as it was read.</param>
/// <param name="SentBytes">Bytes that the last attempt sent.</param>
/// <param name="KeptBytes">Bytes that an earlier attempt had sent and the last one need not.</param>
public sealed record StreamReceipt(string Location, ContentReceipt Content, long SentBytes, long KeptBytes, double Seconds)
{
    /// <summary><c>nbd</c> or <c>export</c>: how the clone was read.</summary>
    public string? Source { get; init; }
}
