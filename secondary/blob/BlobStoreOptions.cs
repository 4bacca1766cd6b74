namespace SnapshotWorkflows.Secondary.Blobs;

/// <summary>A store in one container of Azure Blob Storage. Exactly one way to sign in is given: connection string, account key, or SAS.</summary>
/// <remarks>A class without a ToString of its own: what it holds must not end up in a log.</remarks>
public sealed class BlobStoreOptions
{
    /// <summary>The destination's name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Container that holds the objects.</summary>
    public required string Container { get; init; }

    /// <summary>As the Azure portal gives it. Secret.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Blob end point, for instance <c>https://account.blob.core.windows.net</c>; https but for loopback addresses.</summary>
    public Uri? ServiceUrl { get; init; }

    public string? AccountName { get; init; }

    /// <summary>Base64. Secret.</summary>
    public string? AccountKey { get; init; }

    /// <summary>Shared access signature with the rights read, add, create, write, delete and list on the container. Secret.</summary>
    public string? Sas { get; init; }

    /// <summary>Make the container where it is missing; default false: a misspelt name should not become a new container.</summary>
    public bool CreateContainer { get; init; }

    /// <summary>Longest time without an answer or a byte of one, an hour at most. Default 100 s.</summary>
    public TimeSpan NetworkTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Everything that is wrong with the settings, without repeating a secret.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        var key = AccountName is { Length: > 0 } || AccountKey is { Length: > 0 };
        var ways = (ConnectionString is { Length: > 0 } ? 1 : 0) + (key ? 1 : 0) + (Sas is { Length: > 0 } ? 1 : 0);
        if (ways != 1)
            faults.Add("needs exactly one of ConnectionString, AccountName with AccountKey, or Sas");
        if (ConnectionString is not { Length: > 0 } && ServiceUrl is null)
            faults.Add("lacks ServiceUrl");
        if (key && (AccountName is not { Length: > 0 } || AccountKey is not { Length: > 0 } || !Convert.TryFromBase64String(AccountKey, new byte[AccountKey.Length], out _)))
            faults.Add("needs AccountName together with AccountKey in base64");
        if (ServiceUrl is { } url && !(url.IsAbsoluteUri && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)) && url.Query.Length == 0))
            faults.Add("has a ServiceUrl that is not https, or that carries a query (a SAS goes into Sas)");
        if (!IsContainerName(Container))
            faults.Add("has no usable Container (3 to 63 of a-z 0-9 and single dashes)");
        if (NetworkTimeout <= TimeSpan.Zero || NetworkTimeout > TimeSpan.FromHours(1))
            faults.Add("has a NetworkTimeout that is not between nothing and 01:00:00");
        return faults;
    }

    // learn.microsoft.com, "Naming and referencing containers, blobs, and metadata".
    private static bool IsContainerName(string name) =>
        name.Length is >= 3 and <= 63 && name[0] != '-' && name[^1] != '-' && !name.Contains("--", StringComparison.Ordinal)
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
}
