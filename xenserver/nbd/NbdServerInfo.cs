using System.Text.Json.Serialization;

namespace SnapshotWorkflows.XenServer;

/// <summary>One way to read a disk over NBD, as VDI.get_nbd_info tells it. The export name bears the session: it is a secret.</summary>
internal sealed class NbdServerInfo
{
    [JsonPropertyName("exportname")] public string ExportName { get; init; } = "";

    [JsonPropertyName("address")] public string Address { get; init; } = "";

    [JsonPropertyName("port")] public int Port { get; init; }

    /// <summary>PEM of the certificate that the server will show; it came over the pool's own trusted connection, so it is trust itself.</summary>
    [JsonPropertyName("cert")] public string Certificate { get; init; } = "";

    [JsonPropertyName("subject")] public string Subject { get; init; } = "";
}
