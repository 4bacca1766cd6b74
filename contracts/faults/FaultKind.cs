using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Contracts;

/// <summary>The one decision that a failure carries: what the workflow does next.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FaultKind>))]
public enum FaultKind
{
    /// <summary>Passes by itself (network, fail-over): try again soon.</summary>
    Transient,

    /// <summary>A limit or a lock is taken: try again later.</summary>
    Busy,

    /// <summary>What was asked for is not there.</summary>
    NotFound,

    /// <summary>Something else is where ours should be.</summary>
    Conflict,

    /// <summary>The other side said no, and will say no again.</summary>
    Rejected,

    /// <summary>Bytes or records are not what they must be.</summary>
    Corrupt,

    /// <summary>A person asked to stop.</summary>
    Cancelled,
}
