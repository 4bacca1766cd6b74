using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Durable.Host.Configuration;

namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>
/// The keys on disk, in the layout of a Functions host's file secrets: <c>secrets/host.json</c> {masterKey, functionKeys, systemKeys}
/// and, for keys of one function, <c>secrets/{function}.json</c> {keys}; every key is {name, value, encrypted:false}.
/// </summary>
internal sealed class KeyFile(string secretsFolder)
{
    /// <summary>The system key of the management API; the name that Durable Functions gives it.</summary>
    public const string DurableTaskSystemKey = "durabletask_extension";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private string HostFile => Path.Combine(secretsFolder, "host.json");

    /// <summary>The host's keys; made at first start, from 32 random bytes each.</summary>
    public HostKeys EnsureHostKeys()
    {
        Attempt(secretsFolder, () =>
        {
            Directory.CreateDirectory(secretsFolder);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(secretsFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        });

        if (!File.Exists(HostFile))
        {
            Create(HostFile, new JsonObject
            {
                ["masterKey"] = NewKey("master"),
                ["functionKeys"] = new JsonArray(NewKey("default")),
                ["systemKeys"] = new JsonArray(NewKey(DurableTaskSystemKey)),
            });
        }

        var root = ReadPrivate(HostFile);
        var master = root.TryGetProperty("masterKey", out var element) ? ReadKey(HostFile, element) : throw Malformed(HostFile, "masterKey is missing");
        var keys = new HostKeys(master, ReadKeys(HostFile, root, "functionKeys"), ReadKeys(HostFile, root, "systemKeys"));
        return keys.System.Any(key => key.Name == DurableTaskSystemKey)
            ? keys
            : throw Malformed(HostFile, $"systemKeys has no key named '{DurableTaskSystemKey}'");
    }

    /// <summary>Keys that open this function only; none when it has no file.</summary>
    public IReadOnlyList<FunctionKey> ReadFunctionKeys(string function)
    {
        var path = Path.Combine(secretsFolder, $"{function.ToLowerInvariant()}.json");
        return File.Exists(path) ? ReadKeys(path, ReadPrivate(path), "keys") : [];
    }

    private static JsonObject NewKey(string name) => new()
    {
        ["name"] = name,
        ["value"] = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
        ["encrypted"] = false,
    };

    /// <summary>Whole or not at all, and never over a file that another start has made in the meantime.</summary>
    private static void Create(string path, JsonObject content) => Attempt(path, () =>
    {
        var draft = $"{path}.{Guid.NewGuid():N}.draft";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(draft, options))
        {
            JsonSerializer.Serialize(file, content, Indented);
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    });

    private static JsonElement ReadPrivate(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != UnixFileMode.None)
        {
            throw new HostStartupException(
                "keys.exposed",
                $"{path} holds access keys, but its mode lets others than its owner at it.",
                $"Run chmod 600 {path}; if someone else may have read it, delete it so that new keys are made.");
        }

        return JsonSettingsFile.Find(path) ?? throw Malformed(path, "it vanished while the host started");
    }

    private static List<FunctionKey> ReadKeys(string path, JsonElement root, string member)
    {
        if (!root.TryGetProperty(member, out var list) || list.ValueKind != JsonValueKind.Array)
        {
            throw Malformed(path, $"{member} must be an array of keys");
        }

        return [.. list.EnumerateArray().Select(element => ReadKey(path, element))];
    }

    private static FunctionKey ReadKey(string path, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String
            || !element.TryGetProperty("value", out var value) || value.ValueKind != JsonValueKind.String)
        {
            throw Malformed(path, "every key must be an object {\"name\", \"value\"}");
        }

        if (element.TryGetProperty("encrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True)
        {
            throw Malformed(path, $"key '{name.GetString()}' is encrypted, and this host reads plain keys only");
        }

        // A short or empty value would let anyone in who guesses it.
        return value.GetString()!.Length >= 16
            ? new FunctionKey(name.GetString()!, value.GetString()!)
            : throw Malformed(path, $"key '{name.GetString()}' is shorter than 16 characters");
    }

    private static void Attempt(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostStartupException("keys.unwritable", $"The access keys cannot be kept in {path}: {e.Message}", "Give the account of this service a state path that it may write to.");
        }
    }

    private static HostStartupException Malformed(string path, string what) =>
        new("keys.malformed", $"{path}: {what}.", "Correct the file, or delete it so that new keys are made.");
}
