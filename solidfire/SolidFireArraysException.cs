namespace SnapshotWorkflows.SolidFire;

/// <summary>The settings do not lead to the one array that is meant. Nothing was touched.</summary>
/// <param name="code">One of this class's codes.</param>
public sealed class SolidFireArraysException(string code, SolidFireErrorKind kind, string message, string remedy) : Exception(message)
{
    /// <summary>No array of the settings is the cluster that an id belongs to.</summary>
    public const string OtherCluster = "array.other-cluster";

    /// <summary>Several entries of the settings lead to the same cluster.</summary>
    public const string NamedTwice = "array.named-twice";

    /// <summary>The settings have no array of this name (any more).</summary>
    public const string NotConfigured = "array.not-configured";

    public string Code { get; } = code;

    public SolidFireErrorKind Kind { get; } = kind;

    public string Remedy { get; } = remedy;
}
