using System.Diagnostics.CodeAnalysis;

namespace SnapshotWorkflows.Secondary.Manifests;

/// <summary>What the names of a snapshot's objects are made of.</summary>
/// <param name="Zone">CloudStack's zone uuid (any valid name segment).</param>
/// <param name="VolumeUuid">CloudStack's volume uuid, lower case.</param>
/// <param name="SnapshotUuid">The snapshot's uuid, lower case.</param>
public sealed record SnapshotAddress(string Zone, string VolumeUuid, string SnapshotUuid)
{
    public static SnapshotAddress Of(SnapshotManifest manifest) => new(manifest.Zone, manifest.Volume.CloudStackId, manifest.SnapshotId);

    internal static bool IsUuid(string text) => Guid.TryParseExact(text, "D", out _) && !text.AsSpan().ContainsAnyInRange('A', 'F');
}

/// <summary>Names under our own prefix: <c>swf/&lt;zone&gt;/&lt;volume&gt;/&lt;snapshot&gt;.manifest.json</c>, data under <c>swf/&lt;zone&gt;/&lt;volume&gt;/&lt;snapshot&gt;/</c>.</summary>
public static partial class SnapshotLocations
{
    /// <summary>Everything of ours is below it, and nothing of anyone else.</summary>
    public const string Prefix = "swf/";

    private const string ManifestSuffix = ".manifest.json";

    /// <exception cref="SecondaryStoreException"><c>store.bad-name</c>.</exception>
    public static string Manifest(SnapshotAddress address) => Folder(address) + ManifestSuffix;

    /// <summary>The folder for the data; the hypervisor picks the file's name in it.</summary>
    public static string DataFolder(SnapshotAddress address) => Folder(address);

    public static string DataFile(SnapshotAddress address, string vdiUuid)
    {
        Demand(SnapshotAddress.IsUuid(vdiUuid), "VDI uuid", vdiUuid);
        return $"{Folder(address)}/{vdiUuid}.vhd";
    }

    /// <summary>Prefix of all snapshots of a volume.</summary>
    public static string VolumePrefix(string zone, string volumeUuid)
    {
        Demand(StoreName.IsValidSegment(zone), "zone", zone);
        Demand(SnapshotAddress.IsUuid(volumeUuid), "volume uuid", volumeUuid);
        return $"{Prefix}{zone}/{volumeUuid}/";
    }

    /// <summary>Whether the name is that of a manifest, and of which.</summary>
    public static bool TryParseManifest(string name, [NotNullWhen(true)] out SnapshotAddress? address)
    {
        address = null;
        var parts = name.Split('/');
        if (parts.Length != 4 || parts[0] + "/" != Prefix || !parts[3].EndsWith(ManifestSuffix, StringComparison.Ordinal))
            return false;
        return TryMake(parts[1], parts[2], parts[3][..^ManifestSuffix.Length], out address);
    }

    /// <summary>Whether the name is that of a data file in a snapshot's folder, and of which.</summary>
    public static bool TryParseData(string name, [NotNullWhen(true)] out SnapshotAddress? address)
    {
        address = null;
        var parts = name.Split('/');
        return parts.Length >= 5 && parts[0] + "/" == Prefix && StoreName.IsValid(name) && TryMake(parts[1], parts[2], parts[3], out address);
    }

    private static bool TryMake(string zone, string volume, string snapshot, [NotNullWhen(true)] out SnapshotAddress? address)
    {
        address = StoreName.IsValidSegment(zone) && SnapshotAddress.IsUuid(volume) && SnapshotAddress.IsUuid(snapshot) ? new(zone, volume, snapshot) : null;
        return address is not null;
    }

    private static string Folder(SnapshotAddress address)
    {
        Demand(SnapshotAddress.IsUuid(address.SnapshotUuid), "snapshot uuid", address.SnapshotUuid);
        return VolumePrefix(address.Zone, address.VolumeUuid) + address.SnapshotUuid;
    }

    private static void Demand(bool met, string what, string value)
    {
        if (!met)
        {
            throw new SecondaryStoreException(StoreCodes.BadName, $"The {what} of {value.Length} characters cannot be part of a name.",
                "Uuids are written in lower case with hyphens; a zone is a plain name segment, best its uuid.");
        }
    }
}
