using System.Security.Cryptography;
using System.Text.Json;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>Passwords, keys and certificates of a world, the same over its restarts, so that whoever pinned one goes on. The owner's alone.</summary>
internal sealed record WorldSecrets(
    string ArrayPassword, string PoolPassword, string CloudKey, string CloudSecret, string HookToken, IReadOnlyDictionary<string, string> Certificates)
{
    private const string FileName = "secrets.json";

    /// <summary>Reads what an earlier run drew, or draws and keeps it.</summary>
    /// <param name="servers">Each server that shows a certificate of its own.</param>
    public static WorldSecrets Of(string folder, IEnumerable<string> servers, TimeProvider clock)
    {
        var path = Path.Combine(folder, FileName);
        if (File.Exists(path))
        {
            return JsonSerializer.Deserialize<WorldSecrets>(File.ReadAllBytes(path), JsonSerializerOptions.Web)!;
        }

        var drawn = new WorldSecrets(
            Secret(), Secret(), Secret(), Secret(), Secret(),
            servers.ToDictionary(server => server, _ => SimulatorServer.NewCertificate(clock), StringComparer.Ordinal));
        PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(drawn, JsonSerializerOptions.Web));
        return drawn;
    }

    private static string Secret() => RandomNumberGenerator.GetHexString(40, lowercase: true);
}
