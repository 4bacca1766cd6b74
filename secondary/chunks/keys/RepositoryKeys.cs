using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Keys;

/// <summary>An encrypted repository's secrets, unwrapped.</summary>
internal sealed class RepositoryKeys
{
    private const string Purpose = "swf-chunks-keys-1";

    private readonly byte[] _idKey;
    private readonly Dictionary<string, DataKey> _data;

    private RepositoryKeys(byte[] idKey, byte[] manifestKey, Dictionary<string, DataKey> data, string currentId)
    {
        _idKey = idKey;
        ManifestKey = manifestKey;
        _data = data;
        Current = data[currentId];
    }

    public byte[] ManifestKey { get; }

    /// <summary>What new packs are encrypted with.</summary>
    public DataKey Current { get; }

    public DataKey? Find(string id) => _data.GetValueOrDefault(id);

    /// <summary>A leaf's id: it tells who lacks the key nothing about the leaf, not even whether a known file is in it.</summary>
    public LeafHash IdOf(LeafHash hash)
    {
        Span<byte> id = stackalloc byte[LeafHash.Bytes];
        HMACSHA256.HashData(_idKey, hash.Span, id);
        return LeafHash.Read(id);
    }

    /// <summary>Stands in the repository's text: of any number of creators only one's secrets count.</summary>
    public string Check => CheckOf(_idKey, ManifestKey);

    /// <summary>Opens what the ring's keys open. Where the current one is not yet known to the repository it is added: that is a rotation.</summary>
    /// <param name="check">Of the secrets that count; null while there is no repository yet.</param>
    /// <exception cref="ChunkException"><c>chunks.key</c>; <c>chunks.damaged</c> where the current key's object, or each that a given key opens, cannot be read.</exception>
    public static async Task<RepositoryKeys> OpenAsync(ChunkRoom room, string? check, ChunkKeyRing ring, CancellationToken cancellation)
    {
        SecretsText? secrets = null;
        ChunkException? damage = null;
        var names = room.Names;
        var wrapped = 0;
        await foreach (var found in room.Store.ListAsync(names.Keys, cancellation))
        {
            wrapped++;
            var id = found.Name[names.Keys.Length..];
            if (ring.Find(id) is not { } master)
                continue;
            SecretsText one;
            try
            {
                if (await room.TryReadAsync(found.Name, cancellation) is not { } bytes)
                    continue;
                one = Unwrap(found.Name, bytes, master);
            }
            catch (ChunkException e) when (e.IsDamage && id != ring.CurrentId)
            {
                // An older key's: the current one's has all that it had. Without the current one's nothing can be written, and its name is taken.
                damage = e;
                continue;
            }
            if (check is not null && check != CheckOf(Convert.FromHexString(one.IdKey), Convert.FromHexString(one.ManifestKey)))
            {
                // A creator's that came second. Ours could never be put under that name.
                if (id == ring.CurrentId)
                {
                    throw new ChunkException(ChunkCodes.Key, $"'{found.Name}' holds the secrets of another repository, so the key '{id}' cannot be added to this one.",
                        "The name is taken by another repository's key: give the new key another id.");
                }
                continue;
            }
            secrets = secrets is null ? one : secrets with { DataKeys = new(secrets.DataKeys.Union(one.DataKeys), StringComparer.Ordinal) };
        }
        if (secrets is null && (wrapped > 0 || check is not null))
            throw damage ?? new ChunkException(ChunkCodes.Key, "The repository is encrypted, and none of the given keys opens it.", "Give the master key that it was written with.");
        secrets ??= new SecretsText { IdKey = NewSecret(), ManifestKey = NewSecret(), DataKeys = [] };
        if (!secrets.DataKeys.ContainsKey(ring.CurrentId))
        {
            secrets.DataKeys.Add(ring.CurrentId, NewSecret());
            var text = Wrap(secrets, ring.CurrentId, ring.Find(ring.CurrentId)!);
            if (await room.Store.PutAsync(names.Key(ring.CurrentId), text, cancellation) == PutOutcome.AlreadyExists)
                // Another opener was first: its secrets count, ours never encrypted anything.
                return await OpenAsync(room, check, ring, cancellation);
        }
        return new RepositoryKeys(Convert.FromHexString(secrets.IdKey), Convert.FromHexString(secrets.ManifestKey),
            secrets.DataKeys.ToDictionary(k => k.Key, k => new DataKey(k.Key, Convert.FromHexString(k.Value)), StringComparer.Ordinal), ring.CurrentId);
    }

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private static byte[] Wrap(SecretsText secrets, string id, byte[] master)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var nonce = RandomNumberGenerator.GetBytes(12);
        var plain = JsonSerializer.SerializeToUtf8Bytes(secrets, ChunkJson.Default.SecretsText);
        var cipher = new byte[plain.Length + FrameCipher.TagBytes];
        using var aes = Cipher(master, salt);
        aes.Encrypt(nonce, plain, cipher.AsSpan(0, plain.Length), cipher.AsSpan(plain.Length), Associated(id));
        return ChunkTexts.Write("key", new KeyText
        {
            Key = id,
            Salt = Convert.ToHexStringLower(salt),
            Nonce = Convert.ToHexStringLower(nonce),
            Secrets = Convert.ToHexStringLower(cipher),
        }, ChunkJson.Default.KeyText);
    }

    private static SecretsText Unwrap(string name, byte[] bytes, byte[] master)
    {
        var text = ChunkTexts.Read(name, "key", bytes, ChunkJson.Default.KeyText);
        if (!name.EndsWith($"/{text.Key}", StringComparison.Ordinal))
            throw ChunkTexts.Damaged(name, "it belongs to another name");
        var cipher = Convert.FromHexString(text.Secrets);
        var plain = new byte[cipher.Length - FrameCipher.TagBytes];
        try
        {
            using var aes = Cipher(master, Convert.FromHexString(text.Salt));
            aes.Decrypt(Convert.FromHexString(text.Nonce), cipher.AsSpan(0, plain.Length), cipher.AsSpan(plain.Length), plain, Associated(text.Key));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new ChunkException(ChunkCodes.Key, $"The given key '{text.Key}' is not the one that the repository was written with.", "Give the right key under that id.");
        }
        return JsonSerializer.Deserialize(plain, ChunkJson.Default.SecretsText) ?? throw ChunkTexts.Damaged(name, "it hides nothing");
    }

    private static byte[] Associated(string id) => Encoding.ASCII.GetBytes(id);

    private static string CheckOf(byte[] idKey, byte[] manifestKey) => Convert.ToHexStringLower(SHA256.HashData([.. idKey, .. manifestKey]));

    private static AesGcm Cipher(byte[] master, byte[] salt) =>
        new(HKDF.DeriveKey(HashAlgorithmName.SHA256, master, 32, salt, Encoding.ASCII.GetBytes(Purpose)), FrameCipher.TagBytes);
}
