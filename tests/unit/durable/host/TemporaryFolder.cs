using System.Runtime.Versioning;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("host-test-").FullName;

    public string PathOf(string relative) => System.IO.Path.Combine(Path, relative);

    public void Write(string relative, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(PathOf(relative))!);
        File.WriteAllText(PathOf(relative), text);
    }

    /// <summary>Owner only, plus what else is asked for.</summary>
    [UnsupportedOSPlatform("windows")]
    public void MakePrivate(string relative, UnixFileMode plus = UnixFileMode.None) =>
        File.SetUnixFileMode(PathOf(relative), UnixFileMode.UserRead | UnixFileMode.UserWrite | plus);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
