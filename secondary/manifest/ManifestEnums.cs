using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Secondary.Manifests;

[JsonConverter(typeof(ManifestEnumConverter<ConsistencyKind>))]
public enum ConsistencyKind
{
    /// <summary>As after a loss of power.</summary>
    Crash,

    /// <summary>The guest was proven frozen from before the snapshot until after it.</summary>
    Quiesced,
}

[JsonConverter(typeof(ManifestEnumConverter<QuiesceMode>))]
public enum QuiesceMode
{
    None,
    Hook,
    Pause,
}

[JsonConverter(typeof(ManifestEnumConverter<VerificationLevel>))]
public enum VerificationLevel
{
    /// <summary>Both footers, checksums, block table, length.</summary>
    Structure,

    /// <summary>Structure, and part of the content.</summary>
    Sample,

    /// <summary>Structure, and all content against the source.</summary>
    Full,
}

[JsonConverter(typeof(ManifestEnumConverter<CopyMethod>))]
public enum CopyMethod
{
    /// <summary>The hypervisor wrote the data itself (VDI.copy).</summary>
    Offload,

    /// <summary>The bytes came through this service.</summary>
    Stream,
}

[JsonConverter(typeof(ManifestEnumConverter<ResignStrategy>))]
public enum ResignStrategy
{
    /// <summary>A pool that does not see the originals.</summary>
    Dedicated,

    /// <summary>New LVM and SR uuids by the relvmoiscsi driver.</summary>
    Relvmoiscsi,
}

/// <summary>Lower-case names only: a number would tie the format to the order in which members were declared.</summary>
internal sealed class ManifestEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
