using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Durable.Host.Configuration;

namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>Files that only their owner may read: made, read, replaced whole, and changed by one process at a time.</summary>
internal static class SecretFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Made for its owner alone. One that was there is closed to others where it holds nothing but keys; a folder that is also for other things is somebody else's to close, and each file in it is private by itself.</summary>
    public static void Make(string folder) => Attempt(folder, () =>
    {
        const UnixFileMode closed = OwnerOnly | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, closed);
        }
        else if ((File.GetUnixFileMode(folder) & ~closed) != UnixFileMode.None && Directory.EnumerateFileSystemEntries(folder).All(entry => Path.GetExtension(entry) is ".json" or ".lock" or ".draft"))
        {
            File.SetUnixFileMode(folder, closed);
        }

        return true;
    });

    /// <summary>Whole or not at all, and never over a file that another start has made in the meantime.</summary>
    public static void Create(string path, JsonObject content) => Attempt(path, () =>
    {
        var draft = Draft(path, content);
        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }

        return true;
    });

    /// <summary>Readers see the old content or the new, never a part.</summary>
    public static void Replace(string path, JsonObject content) => Attempt(path, () =>
    {
        File.Move(Draft(path, content), path, overwrite: true);
        return true;
    });

    /// <exception cref="HostStartupException">The file lets others at it, or is no JSON object.</exception>
    public static JsonElement ReadPrivate(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != UnixFileMode.None)
        {
            throw new HostStartupException(
                "keys.exposed",
                $"{path} holds access keys, but its mode lets others than its owner at it.",
                $"Run chmod 600 {path}; if someone else may have read it, delete it so that new keys are made.");
        }

        return JsonSettingsFile.Find(path) ?? throw new HostStartupException("keys.malformed", $"{path}: it vanished while it was read.", "Start again; new keys are made when the file is not there.");
    }

    /// <summary>Runs the change alone among all processes that use the folder.</summary>
    public static async Task<T> LockedAsync<T>(string folder, Func<T> change, CancellationToken cancellation)
    {
        await using var alone = await OpenAsync(Path.Combine(folder, ".lock"), cancellation);
        return change();
    }

    private static async Task<FileStream> OpenAsync(string path, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < 200)
            {
                // Another process changes a key, which takes milliseconds; a matter of that process's time, not of ours.
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellation);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unwritable(path, e);
            }
        }
    }

    private static string Draft(string path, JsonObject content)
    {
        var draft = $"{path}.{Guid.NewGuid():N}.draft";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(draft, options);
        JsonSerializer.Serialize(file, content, Indented);
        file.Flush(flushToDisk: true);
        return draft;
    }

    private static T Attempt<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, e);
        }
    }

    private static HostStartupException Unwritable(string path, Exception e) =>
        new("keys.unwritable", $"The access keys cannot be kept in {path}: {e.Message}", "Give the account of this service a state path that it may write to.");
}
