namespace SnapshotWorkflows.Contracts;

// What the read-only steps of Admit ask and answer. Each looks at one system; SnapshotVolume puts the plan together.

public sealed record ResolveVolumeInput(string VolumeId)
{
    /// <summary>As of <see cref="AccountScope"/>: of a volume of anybody else nothing is told. Null: all.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    /// <summary>The snapshot that is to be taken: refused where it was taken before.</summary>
    public RequestKey? Snapshot { get; init; }
}

/// <summary>A volume that only the array knows; the answer stands for CloudStack's.</summary>
public sealed record ResolveArrayVolumeInput(ArrayVolume Volume)
{
    /// <summary>As of <see cref="ResolveVolumeInput.Snapshot"/>.</summary>
    public RequestKey? Snapshot { get; init; }
}

/// <param name="SnapshotId">CloudStack's uuid; it must be of this volume, and finished.</param>
public sealed record ResolveSnapshotInput(string SnapshotId, string VolumeId);

/// <param name="SnapshotId">CloudStack's uuid of the snapshot that is looked for on the array.</param>
public sealed record FindAdoptedInput(ArrayVolume Volume, string SnapshotId);

/// <summary>What CloudStack made on the array.</summary>
/// <param name="Source">The volume to clone from: the original, or the copy that CloudStack made of it.</param>
/// <param name="Snapshot">Its snapshot; id 0 where <paramref name="Source"/> itself is the copy.</param>
public sealed record AdoptedSnapshot(ArrayVolume Source, StorageSnapshot Snapshot);

/// <summary>The volume as CloudStack's listVolumes tells it.</summary>
/// <param name="Path">A VDI's uuid, or <c>/&lt;iqn&gt;/0</c>.</param>
public sealed record CloudStackVolume(string Id, string Name, string Path, string ZoneId, string? Account, string? VmId, string? VmName, long SizeBytes)
{
    /// <summary>Uuid of the account's domain; null in histories that are older than it.</summary>
    public string? DomainId { get; init; }
}

public sealed record InspectSourceInput(CloudStackVolume Volume);

/// <summary>The volume's disk as its pool knows it.</summary>
/// <param name="Iqn">Target name out of CloudStack's SR label <c>/&lt;iqn&gt;/0</c>.</param>
public sealed record SourceDisk(string Pool, string SrUuid, string Iqn, string VdiUuid, long VirtualSizeBytes, string? VmUuid);

public sealed record InspectArrayVolumeInput(string Iqn)
{
    /// <summary>The snapshot that is there already, so that no room for another is needed.</summary>
    public long? Taken { get; init; }

    /// <summary>How many clones the job makes in the volume's account; null is one. Each counts there until it is purged.</summary>
    public int? Clones { get; init; }
}

/// <summary>The LUN on the array, found by its IQN, with room for one more snapshot and one more clone.</summary>
public sealed record SourceVolume(ArrayVolume Volume, string Name, string Iqn, long TotalSizeBytes, long AccountId, string Portal);

public sealed record ChooseCopyHostInput(string SourceSrUuid)
{
    /// <summary>Name or uuid of the only host that will do; null is any.</summary>
    public string? Host { get; init; }
}

/// <summary>Where the copy is made, and how a clone's duplicate uuids are dealt with there.</summary>
/// <param name="Strategy"><see cref="ResignStrategies"/>.</param>
public sealed record CopyHost(string Pool, string HostUuid, string HostName, string Iqn, string Strategy, string ProductVersion);

public static class ResignStrategies
{
    /// <summary>A pool that does not see the originals introduces the clone under its own uuids.</summary>
    public const string Dedicated = "dedicated";

    /// <summary>SR.create of type relvmoiscsi gives the clone new uuids.</summary>
    public const string Relvmoiscsi = "relvmoiscsi";
}

public sealed record InspectDestinationInput(string? Destination, long NeededBytes, string ZoneId, string VolumeId, RequestKey Key)
{
    /// <summary><see cref="CopyMethods"/> as the request asks; null lets the destination decide.</summary>
    public string? Copy { get; init; }

    /// <summary><see cref="DataFormats"/> as the request asks; null is vhd.</summary>
    public string? Format { get; init; }

    /// <summary>Where the VHD goes in CloudStack's tree; null is our own.</summary>
    public string? SecondaryPath { get; init; }
}

/// <summary>The chosen destination with room for the whole disk.</summary>
/// <param name="Server">NFS server as hypervisors reach it; empty where no hypervisor does.</param>
/// <param name="Export">NFS export as hypervisors mount it.</param>
/// <param name="Folder">The snapshot's own folder, relative to the export.</param>
public sealed record DestinationPlan(string Destination, string Server, string Export, string Folder, string ManifestName, long FreeBytes)
{
    public DestinationFolder Where => new(Destination, Folder);

    /// <summary><see cref="CopyMethods"/>; null is offload.</summary>
    public string? Copy { get; init; }

    /// <summary><see cref="DataFormats"/>; null is vhd.</summary>
    public string? Format { get; init; }

    /// <summary>Name of the data of a streamed copy; of an offloaded one the hypervisor chooses it.</summary>
    public string? Location { get; init; }
}

public sealed record DestinationFolder(string Destination, string Folder)
{
    /// <summary>Whose it is, where that is not the instance that runs the step.</summary>
    public RequestKey? Key { get; init; }
}
