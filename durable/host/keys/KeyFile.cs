using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Durable.Host.Configuration;

namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>
/// The keys on disk, in the layout of a Functions host's file secrets: <c>secrets/host.json</c> {masterKey, functionKeys, systemKeys}
/// and, for keys of one function, <c>secrets/{function}.json</c> {keys}; every key is {name, value, encrypted:false}.
/// Several processes may share the folder: a change is made under a lock and replaces the file whole.
/// </summary>
internal sealed class KeyFile(string secretsFolder)
{
    /// <summary>The system key of the management API; the name that Durable Functions gives it.</summary>
    public const string DurableTaskSystemKey = "durabletask_extension";

    private string HostFile => Path.Combine(secretsFolder, "host.json");

    /// <summary>The host's keys; made at first start, from 32 random bytes each.</summary>
    public HostKeys EnsureHostKeys()
    {
        SecretFolder.Make(secretsFolder);
        if (!File.Exists(HostFile))
        {
            SecretFolder.Create(HostFile, new JsonObject
            {
                [KeyPlace.Master.Member] = NewKey("master", null),
                [KeyPlace.HostFunctions.Member] = new JsonArray(NewKey("default", null)),
                [KeyPlace.System.Member] = new JsonArray(NewKey(DurableTaskSystemKey, null)),
            });
        }

        return ReadHostKeys();
    }

    /// <exception cref="HostStartupException">The file is not what it should be.</exception>
    public HostKeys ReadHostKeys()
    {
        var root = SecretFolder.ReadPrivate(HostFile);
        var master = root.TryGetProperty(KeyPlace.Master.Member, out var element) ? ReadKey(HostFile, element) : throw Malformed(HostFile, "masterKey is missing");
        var keys = new HostKeys(master, ReadKeys(HostFile, root, KeyPlace.HostFunctions.Member), ReadKeys(HostFile, root, KeyPlace.System.Member));
        return keys.System.Any(key => key.Name == DurableTaskSystemKey)
            ? keys
            : throw Malformed(HostFile, $"systemKeys has no key named '{DurableTaskSystemKey}'");
    }

    /// <summary>Keys that open this function only; none when it has no file.</summary>
    public IReadOnlyList<FunctionKey> ReadFunctionKeys(string function)
    {
        var path = FileOf(function);
        return File.Exists(path) ? ReadKeys(path, SecretFolder.ReadPrivate(path), "keys") : [];
    }

    /// <summary>Makes the key, or gives it another value: the old one opens nothing from then on.</summary>
    /// <param name="value">Null: 32 random bytes.</param>
    public Task<(FunctionKey Key, bool Created)> SetAsync(KeyPlace place, string name, string? value, CancellationToken cancellation) => SecretFolder.LockedAsync(secretsFolder, () =>
    {
        var path = FileOf(place.Function);
        var root = Edit(path);
        var fresh = NewKey(name, value);
        var key = new FunctionKey(name, (string)fresh["value"]!);
        var created = false;
        if (place == KeyPlace.Master)
        {
            fresh["name"] = "master";
            root[place.Member] = fresh;
        }
        else
        {
            var list = ListOf(root, place);
            var index = IndexOf(list, name);
            created = index < 0;
            if (created)
            {
                list.Add(fresh);
            }
            else
            {
                list[index] = fresh;
            }
        }

        SecretFolder.Replace(path, root);
        return (key, created);
    }, cancellation);

    /// <returns>False when there is no such key.</returns>
    public Task<bool> RemoveAsync(KeyPlace place, string name, CancellationToken cancellation) => SecretFolder.LockedAsync(secretsFolder, () =>
    {
        var path = FileOf(place.Function);
        if (!File.Exists(path))
        {
            return false;
        }

        var root = Edit(path);
        var list = ListOf(root, place);
        var index = IndexOf(list, name);
        if (index < 0)
        {
            return false;
        }

        list.RemoveAt(index);
        SecretFolder.Replace(path, root);
        return true;
    }, cancellation);

    /// <summary>Changes whenever a key file was written, by whomever.</summary>
    public string Stamp() => string.Join('|', new DirectoryInfo(secretsFolder).EnumerateFiles("*.json")
        .OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => $"{file.Name} {file.LastWriteTimeUtc.Ticks} {file.Length}"));

    private string FileOf(string? function) => function is null ? HostFile : Path.Combine(secretsFolder, $"{function.ToLowerInvariant()}.json");

    private static JsonObject Edit(string path) =>
        File.Exists(path) ? JsonNode.Parse(SecretFolder.ReadPrivate(path).GetRawText(), null, JsonSettingsFile.Lenient)!.AsObject() : [];

    private static JsonArray ListOf(JsonObject root, KeyPlace place)
    {
        if (root[place.Member] is JsonArray known)
        {
            return known;
        }

        var fresh = new JsonArray();
        root[place.Member] = fresh;
        return fresh;
    }

    private static int IndexOf(JsonArray list, string name)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (string.Equals((string?)list[i]?["name"], name, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }

    private static JsonObject NewKey(string name, string? value) => new()
    {
        ["name"] = name,
        ["value"] = value ?? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
        ["encrypted"] = false,
    };

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
        return value.GetString()!.Length >= FunctionKey.LeastLength
            ? new FunctionKey(name.GetString()!, value.GetString()!)
            : throw Malformed(path, $"key '{name.GetString()}' is shorter than {FunctionKey.LeastLength} characters");
    }

    private static HostStartupException Malformed(string path, string what) =>
        new("keys.malformed", $"{path}: {what}.", "Correct the file, or delete it so that new keys are made.");
}
