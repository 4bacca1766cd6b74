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
