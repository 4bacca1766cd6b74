namespace SnapshotWorkflows.Catalog;

/// <summary>The catalog cannot serve; the code and the remedy are for people.</summary>
public sealed class CatalogException(string code, string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    public string Remedy { get; } = remedy;
}
