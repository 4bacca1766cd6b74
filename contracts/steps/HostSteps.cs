namespace SnapshotWorkflows.Contracts;

/// <param name="SourceSrUuid">The original's SR uuid: what an unresigned clone must bear, and a resigned one must not.</param>
public sealed record SrInput(RequestKey Key, string Pool, string HostUuid, string Strategy, CloneLun Lun, string SourceSrUuid);

public sealed record SrReceipt(string SrUuid, string PbdUuid);

public sealed record FindVdiInput(RequestKey Key, string Pool, string SrUuid);

public sealed record VdiReceipt(string VdiUuid, long VirtualSizeBytes);

/// <summary>An SR of ours, by its label; the uuid where it is known.</summary>
public sealed record OwnedSrInput(RequestKey Key, string Pool, string Label);

/// <param name="SrUuid">Derived from the folder, so that every attempt means the same SR.</param>
public sealed record DestinationSrInput(RequestKey Key, string Pool, string HostUuid, string SrUuid, string Server, string Export, string Folder);

/// <param name="Attempt">A destination is never copied into twice: each try has its own VDI.</param>
public sealed record DestinationVdiInput(RequestKey Key, string Pool, string SrUuid, long VirtualSizeBytes, int Attempt)
{
    /// <summary>What people are to read; null is the name by which it is found.</summary>
    public string? Label { get; init; }
}

public sealed record OwnedVdiInput(RequestKey Key, string Pool, string SrUuid)
{
    /// <summary>The folder on the store that the VDI's data lies in: a published copy in it is never destroyed. Null where the VDI lies on no store, or in inputs that are older than this member.</summary>
    public DestinationFolder? Unpublished { get; init; }
}

public sealed record CopyVdiInput(RequestKey Key, string Pool, string SourceVdiUuid, string DestinationVdiUuid, string DestinationSrUuid, long VirtualSizeBytes);

public sealed record CopyReceipt(string VdiUuid, long Bytes, double Seconds);

public sealed record HashSourceInput(RequestKey Key, string Pool, string VdiUuid, long VirtualSizeBytes)
{
    /// <summary>Only so much from the beginning is hashed, and the rest must be zeros; null is the whole disk.</summary>
    public long? HashedBytes { get; init; }
}
