using Azure;
using Azure.Core;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace SnapshotWorkflows.Secondary.Blobs;

/// <summary>Opens the client of a container.</summary>
internal static class BlobContainers
{
    /// <param name="options">Checked before.</param>
    /// <param name="configure">A place for other transports and policies.</param>
    public static BlobContainerClient Open(BlobStoreOptions options, Action<BlobClientOptions>? configure)
    {
        var client = new BlobClientOptions();
        // The client repeats nothing: whether a call may be repeated depends on what it does, and the retry decorator knows.
        client.Retry.MaxRetries = 0;
        client.Retry.NetworkTimeout = options.NetworkTimeout;
        client.Diagnostics.IsLoggingEnabled = false;
        client.Diagnostics.IsTelemetryEnabled = false;
        configure?.Invoke(client);
        var service = Service(options, client);
        return service.GetBlobContainerClient(options.Container);
    }

    /// <summary>Where the container is, without what opens it; null where that cannot be read.</summary>
    public static Uri? Address(BlobStoreOptions options)
    {
        try
        {
            // Of a connection string with a SAS the client's address bears that.
            return (options.ConnectionString is { Length: > 0 } connection ? new BlobContainerClient(connection, options.Container).Uri : options.ServiceUrl) is { IsAbsoluteUri: true } address
                ? new BlobUriBuilder(address) { BlobContainerName = options.Container, Query = "", Sas = null }.ToUri()
                : null;
        }
        catch (Exception unread) when (unread is FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static BlobServiceClient Service(BlobStoreOptions options, BlobClientOptions client)
    {
        try
        {
            return options switch
            {
                { ConnectionString.Length: > 0 } => new BlobServiceClient(options.ConnectionString, client),
                { Sas.Length: > 0 } => new BlobServiceClient(options.ServiceUrl!, new AzureSasCredential(options.Sas), client),
                _ => new BlobServiceClient(options.ServiceUrl!, new StorageSharedKeyCredential(options.AccountName, options.AccountKey), client),
            };
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // The reason may quote what it could not read, so it is not passed on.
            throw new SecondaryStoreException(StoreCodes.NoDestination, $"The credentials of destination '{options.Name}' cannot be read.",
                "Copy the connection string, key or SAS anew from the storage account.");
        }
    }
}
