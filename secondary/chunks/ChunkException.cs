namespace SnapshotWorkflows.Secondary.Chunks;

/// <summary>A repository of chunks that refuses something, or in which something is not as it must be. See <see cref="ChunkCodes"/>.</summary>
public sealed class ChunkException(string code, string message, string remedy, DiskExtent? extent = null, Exception? inner = null)
    : SecondaryException(code, message, remedy, inner)
{
    /// <summary>The part of the disk that is affected, where one is known.</summary>
    public DiskExtent? Extent { get; } = extent;

    /// <summary>The index object that could not be read as a whole; <see cref="Read.IndexExtents"/> makes an extent of it.</summary>
    internal Format.ObjectName? Index { get; init; }

    /// <summary>A text that cannot be read: a version that this repository's other texts do not have is damage too.</summary>
    internal bool IsDamage => Code is ChunkCodes.Damaged or ChunkCodes.Newer;
}

/// <summary>The codes of <see cref="ChunkException"/>.</summary>
public static class ChunkCodes
{
    /// <summary>Bytes of a pack, an index or a text are not those that were written.</summary>
    public const string Damaged = "chunks.damaged";

    /// <summary>A pack, an index or a text that something refers to is not there.</summary>
    public const string Missing = "chunks.missing";

    /// <summary>Written by a newer version.</summary>
    public const string Newer = "chunks.newer";

    /// <summary>There is no repository under the prefix.</summary>
    public const string NoRepository = "chunks.no-repository";

    /// <summary>The repository is encrypted and no given key opens it, or it is not and a key was given.</summary>
    public const string Key = "chunks.key";

    /// <summary>The backup was closed (cancelled, or given up by a collection): it can no longer become a snapshot.</summary>
    public const string SessionClosed = "chunks.session-closed";

    /// <summary>No such snapshot, or it was deleted.</summary>
    public const string NoSnapshot = "chunks.no-snapshot";

    /// <summary>The deletion cannot be undone any more.</summary>
    public const string Purged = "chunks.purged";

    /// <summary>A snapshot of that id is there, of another disk.</summary>
    public const string Conflict = "chunks.conflict";

    /// <summary>What the source or the caller says cannot be.</summary>
    public const string Refused = "chunks.refused";
}
