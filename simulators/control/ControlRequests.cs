using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Control;

internal sealed record MaterializeRequest(string Path)
{
    /// <exception cref="ArgumentException">The path is not absolute: what it is relative to would be this program's own business.</exception>
    public string Checked() =>
        System.IO.Path.IsPathFullyQualified(Path) ? Path : throw new ArgumentException($"path must be absolute, not '{Path}'.");
}

internal sealed record FillSnapshotsRequest(int Count);

internal sealed record FullRequest(bool Full);

internal sealed record RestartRequest(double? Seconds = null);

internal sealed record SkipRequest(double Seconds);

internal sealed record ClusterFaultRequest(string Code, string Severity = "warning", string Type = "cluster", string Details = "", bool Resolved = false);

internal sealed record WebhookRequest(string? PayloadUrl = null, string? SecretKey = null);

internal sealed record EventRequest(
    string PayloadUrl, string EntityUuid, string? SecretKey = null, string Event = "SNAPSHOT.CREATE", string Status = "Completed", string Account = "acme",
    string Description = "Successfully completed creating snapshot", string? EventId = null, int Times = 1);

internal sealed record WeatherRequest(
    double Share, int Seed = 0, double StallSeconds = 0, double AwaySeconds = 0, long StreamBytes = 64L << 20, Dictionary<string, IReadOnlyList<string>>? Failures = null)
{
    /// <exception cref="ArgumentException">A time or size below nothing.</exception>
    public FaultWeather ToWeather() => StallSeconds is >= 0 and <= 86_400 && AwaySeconds is >= 0 and <= 86_400 && StreamBytes > 0
        ? new FaultWeather
        {
            Share = Share,
            Seed = Seed,
            Stall = TimeSpan.FromSeconds(StallSeconds),
            Away = TimeSpan.FromSeconds(AwaySeconds),
            StreamBytes = StreamBytes,
            Failures = Failures ?? [],
        }
        : throw new ArgumentException("stallSeconds and awaySeconds are from 0 to 86400, streamBytes over 0.");
}
