namespace SnapshotWorkflows.Secondary.Manifests;

/// <summary>Names of the small objects beside a manifest.</summary>
public static partial class SnapshotLocations
{
    private const string HoldSuffix = ".hold.json";
    private const string TombstoneSuffix = ".tombstone.json";
    private const string DamagedSuffix = ".damaged.json";

    /// <summary>A legal hold: while it is there the snapshot is not deleted.</summary>
    public static string Hold(SnapshotAddress address) => Folder(address) + HoldSuffix;

    /// <summary>A deletion that has begun: it goes forward only.</summary>
    public static string Tombstone(SnapshotAddress address) => Folder(address) + TombstoneSuffix;

    /// <summary>Says that the copy was read and is not what its manifest tells: where a lost catalog cannot forget it.</summary>
    public static string Damaged(SnapshotAddress address) => Folder(address) + DamagedSuffix;

    public static bool IsDamaged(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(DamagedSuffix, StringComparison.Ordinal);

    public static bool IsHold(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(HoldSuffix, StringComparison.Ordinal);

    public static bool IsTombstone(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(TombstoneSuffix, StringComparison.Ordinal);

    /// <summary>The address of the snapshot whose manifest has this name.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.bad-name</c>.</exception>
    public static SnapshotAddress AddressOf(string manifestName)
    {
        Demand(TryParseManifest(manifestName, out var address), "manifest's name", manifestName);
        return address!;
    }
}
