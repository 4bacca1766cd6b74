namespace SnapshotWorkflows.Contracts;

/// <summary>CloudStack's own folders for snapshots on secondary storage: <c>snapshots/&lt;accountId&gt;/&lt;volumeId&gt;</c>, both ids of its database.</summary>
public static class SecondaryPaths
{
    private const int DigitsMax = 19;

    /// <summary>Nothing else passes: no dots, no doubled or trailing slashes, no leading zeros, so that one folder has one name.</summary>
    public static bool IsValid(string? path) => path?.Split('/') is ["snapshots", var account, var volume] && IsId(account) && IsId(volume);

    private static bool IsId(string text) => text.Length is > 0 and <= DigitsMax && text[0] != '0' && text.All(char.IsAsciiDigit);
}
