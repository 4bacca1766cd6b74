namespace SnapshotWorkflows.Simulators.World;

/// <summary>Files that hold secrets: readable by their owner only, and whole or not there.</summary>
internal static class PrivateFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var partial = path + ".partial";
        File.Delete(partial);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(partial, options)) file.Write(content);
        File.Move(partial, path, overwrite: true);
    }
}
