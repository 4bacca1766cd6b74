using SnapshotWorkflows.Secondary.Chunks;

namespace SnapshotWorkflows.Secondary.Destinations;

/// <summary>A configured destination and its store.</summary>
public sealed record SecondaryDestination(SecondaryDestinationOptions Options, ISecondaryStore Store)
{
    public string Name => Options.Name;

    /// <summary>What hypervisors write into; null where the kind of store has no folders.</summary>
    public IHypervisorFolders? Folders { get; init; } = Store as IHypervisorFolders;

    /// <summary>Large objects, part by part.</summary>
    public IStagedObjects Staging => (IStagedObjects)Store;

    /// <summary>Whether new copies in chunks are encrypted here.</summary>
    public bool Encrypts => Options.Chunks is { Keys.Count: > 0 };

    /// <summary>How the repository of chunks of every destination is used.</summary>
    public static ChunkOptions RepositoryOptions { get; } = new();

    /// <summary>Opens the destination's repository of chunks, with the configured keys.</summary>
    /// <exception cref="ChunkException"><c>chunks.no-repository</c>: nothing was ever copied there; <c>chunks.key</c>: the keys do not open it.</exception>
    public Task<ChunkRepository> OpenRepositoryAsync(TimeProvider time, CancellationToken cancellation) =>
        ChunkRepository.OpenAsync(Store, RepositoryOptions, Options.Chunks?.Ring(), time, cancellation);

    /// <summary>The same, and makes the repository where there is none: for the first copy.</summary>
    public Task<ChunkRepository> OpenOrCreateRepositoryAsync(TimeProvider time, CancellationToken cancellation) =>
        ChunkRepository.OpenOrCreateAsync(Store, RepositoryOptions, Options.Chunks?.Ring(), time, cancellation);

    /// <summary>Whether there is a repository of chunks.</summary>
    public async Task<bool> HasRepositoryAsync(CancellationToken cancellation) => await Store.FindAsync(RepositoryOptions.Prefix + "repository", cancellation) is not null;

    /// <summary>The path for an NFS SR, for a folder of the store: export and name.</summary>
    public string ExportedPath(string folder)
    {
        StoreName.Validate(folder);
        return $"{Options.Export.TrimEnd('/')}/{folder}";
    }
}
