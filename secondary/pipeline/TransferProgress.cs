namespace SnapshotWorkflows.Secondary.Pipeline;

/// <summary>How far a transfer is. Done and total count bytes of the disk, holes included.</summary>
/// <param name="SentBytes">Bytes that went to the store, or came from it.</param>
/// <param name="BytesPerSecond">Over the last ten seconds or so; 0 at the beginning.</param>
/// <param name="Remaining">At that rate; null while there is none.</param>
public readonly record struct TransferProgress(long DoneBytes, long TotalBytes, long SentBytes, double BytesPerSecond, TimeSpan? Remaining);
