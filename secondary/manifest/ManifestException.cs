namespace SnapshotWorkflows.Secondary.Manifests;

/// <summary>A manifest that can't be published or can't be trusted.</summary>
/// <param name="code"><c>manifest.conflict</c>, <c>manifest.newer</c>, <c>manifest.invalid</c>, <c>manifest.missing</c>, <c>manifest.ambiguous</c> or <c>manifest.format</c>.</param>
public sealed class ManifestException(string code, string message, string remedy, Exception? inner = null)
    : SecondaryException(code, message, remedy, inner);
