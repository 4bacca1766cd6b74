namespace SnapshotWorkflows.Secondary;

/// <summary>Something that secondary storage, or what lies on it, does not allow. The code is stable and is what callers decide by.</summary>
/// <param name="code">Stable, dotted, lower case: <c>store.full</c>, <c>vhd.footer-checksum</c>, <c>manifest.conflict</c>.</param>
/// <param name="message">What happened, with the object's relative name; never a secret.</param>
/// <param name="remedy">What a person can do about it.</param>
public abstract class SecondaryException(string code, string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    public string Remedy { get; } = remedy;
}

/// <summary>The store refused or failed. See <see cref="StoreCodes"/> for the codes.</summary>
public sealed class SecondaryStoreException(string code, string message, string remedy, Exception? inner = null)
    : SecondaryException(code, message, remedy, inner);

/// <summary>The bytes of a disk are not what they were said to be: too short, too long, or with another hash.</summary>
public sealed class DiskContentException(string code, string message, string remedy, DiskExtent? extent = null)
    : SecondaryException(code, message, remedy)
{
    /// <summary>The first extent known to differ; null where only the whole is known to differ.</summary>
    public DiskExtent? Extent { get; } = extent;
}
