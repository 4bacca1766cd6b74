using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>Where everything listens and how to log in, as <c>endpoints.json</c> tells it.</summary>
internal sealed record Endpoints(
    string Control, ApplianceEndpoint Solidfire, IReadOnlyList<ApplianceEndpoint> Xenserver, CloudStackEndpoint Cloudstack, HookEndpoint Hook, NfsEndpoint Nfs,
    string? IscsiPortal)
{
    private const string FileName = "endpoints.json";

    /// <summary>Null where there is one array alone.</summary>
    public ApplianceEndpoint? SecondSolidfire { get; init; }

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    /// <summary>Takes away what an earlier run left, so that nobody reads addresses that no longer answer.</summary>
    public static void Remove(string folder) => File.Delete(Path.Combine(folder, FileName));

    /// <summary>A reader finds the whole file or none. It holds secrets, so it is the owner's alone.</summary>
    public void Write(string folder) => PrivateFile.Write(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, s_json));

    /// <summary>The addresses and where the credentials are, on one line, without a secret.</summary>
    public string ReadyLine(string folder) => JsonSerializer.Serialize(
        new
        {
            control = Control,
            solidfire = Solidfire.Endpoint,
            xenserver = Xenserver.Select(pool => pool.Endpoint),
            cloudstack = Cloudstack.Endpoint,
            hook = Hook.Endpoint,
            iscsi = IscsiPortal,
            credentials = Path.Combine(folder, FileName),
        },
        JsonSerializerOptions.Web);
}

internal sealed record ApplianceEndpoint(string? Name, string Endpoint, string Username, string Password, string CertificateSha256);

internal sealed record CloudStackEndpoint(string Endpoint, string ApiKey, string SecretKey, string CertificateSha256);

internal sealed record HookEndpoint(string Endpoint, string Token);

internal sealed record NfsEndpoint(string Server, string Export, string Path);
