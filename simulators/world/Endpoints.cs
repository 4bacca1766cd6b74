using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>Where everything listens and how to log in, as <c>endpoints.json</c> tells it.</summary>
internal sealed record Endpoints(
    string Control, ApplianceEndpoint Solidfire, IReadOnlyList<ApplianceEndpoint> Xenserver, CloudStackEndpoint Cloudstack, HookEndpoint Hook, NfsEndpoint Nfs)
{
    private const string FileName = "endpoints.json";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    /// <summary>Takes away what an earlier run left, so that nobody reads addresses that no longer answer.</summary>
    public static void Remove(string folder) => File.Delete(Path.Combine(folder, FileName));

    /// <summary>A reader finds the whole file or none. It holds secrets, so it is the owner's alone.</summary>
    public async Task WriteAsync(string folder)
    {
        var partial = Path.Combine(folder, FileName + ".partial");
        File.Delete(partial);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var file = new FileStream(partial, options)) await JsonSerializer.SerializeAsync(file, this, s_json);
        File.Move(partial, Path.Combine(folder, FileName), overwrite: true);
    }
}

internal sealed record ApplianceEndpoint(string? Name, string Endpoint, string Username, string Password, string CertificateSha256);

internal sealed record CloudStackEndpoint(string Endpoint, string ApiKey, string SecretKey, string CertificateSha256);

internal sealed record HookEndpoint(string Endpoint, string Token);

internal sealed record NfsEndpoint(string Server, string Export, string Path);
