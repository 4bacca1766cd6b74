using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary><c>repository</c>.</summary>
internal sealed record RepositoryText
{
    public required string Id { get; init; }

    /// <summary>SHA-256 of id key and manifest key; absent where the repository is not encrypted.</summary>
    public string? KeyCheck { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary><c>keys/&lt;key&gt;</c>: secrets under a master key.</summary>
internal sealed record KeyText
{
    public required string Key { get; init; }

    public required string Salt { get; init; }

    public required string Nonce { get; init; }

    public required string Secrets { get; init; }
}

/// <summary>What <see cref="KeyText.Secrets"/> hides; values in hex.</summary>
internal sealed record SecretsText
{
    public required string IdKey { get; init; }

    public required string ManifestKey { get; init; }

    public required Dictionary<string, string> DataKeys { get; init; }
}

/// <summary><c>sessions/&lt;session&gt;/begin</c>.</summary>
internal sealed record BeginText
{
    public required string Session { get; init; }

    public required string Snapshot { get; init; }

    public required string Volume { get; init; }

    public required long DiskBytes { get; init; }

    public required DateTimeOffset StartedAt { get; init; }
}

/// <summary><c>sessions/&lt;session&gt;/end</c>: the manifest, or the word that there will be none.</summary>
internal sealed record EndText
{
    public const string IsManifest = "manifest";
    public const string IsClosed = "closed";

    public required string End { get; init; }

    public required string Session { get; init; }

    public string? Snapshot { get; init; }

    public string? Volume { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public long? DiskBytes { get; init; }

    public int? LeafBytes { get; init; }

    public string? Root { get; init; }

    public string? RootAlgorithm { get; init; }

    public string? KeyId { get; init; }

    public IReadOnlyList<LayerText>? Layers { get; init; }

    public long? DataBytes { get; init; }

    public long? ReadBytes { get; init; }

    public long? SentBytes { get; init; }

    public long? NewLeaves { get; init; }

    public string? Previous { get; init; }

    public string? FullReason { get; init; }
}

/// <summary>One layer of a snapshot's index.</summary>
internal sealed record LayerText
{
    /// <summary><c>&lt;session&gt;/&lt;hash&gt;</c>, ascending by leaf.</summary>
    public required IReadOnlyList<string> Objects { get; init; }

    public required long Records { get; init; }
}

/// <summary><c>deleted</c> and <c>end</c> of a tombstone.</summary>
internal sealed record TombstoneText
{
    public const string IsDeleted = "deleted";
    public const string IsUndone = "undone";
    public const string IsPurged = "purged";

    /// <summary>As in its name.</summary>
    public required string Tombstone { get; init; }

    public required string State { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>A part of a collection.</summary>
internal sealed record CollectionText
{
    public required string Collection { get; init; }

    /// <summary>Condemned, or doomed.</summary>
    public IReadOnlyList<string>? Packs { get; init; }

    public IReadOnlyList<string>? Indexes { get; init; }

    /// <summary>Tombstones seen and not ended, and by how many collections in a row.</summary>
    public IReadOnlyDictionary<string, int>? Tombstones { get; init; }

    /// <summary>The fence.</summary>
    public IReadOnlyList<string>? Sessions { get; init; }
}

/// <summary><c>damaged/&lt;session&gt;/&lt;hash&gt;</c>: what a verification found of that pack. Its name alone is what counts; the text is for people.</summary>
internal sealed record DamageText
{
    /// <summary>As in its name.</summary>
    public required string Pack { get; init; }

    public required string Code { get; init; }

    public required string Found { get; init; }

    public required DateTimeOffset At { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RepositoryText))]
[JsonSerializable(typeof(KeyText))]
[JsonSerializable(typeof(SecretsText))]
[JsonSerializable(typeof(BeginText))]
[JsonSerializable(typeof(EndText))]
[JsonSerializable(typeof(TombstoneText))]
[JsonSerializable(typeof(CollectionText))]
[JsonSerializable(typeof(DamageText))]
internal sealed partial class ChunkJson : JsonSerializerContext;
