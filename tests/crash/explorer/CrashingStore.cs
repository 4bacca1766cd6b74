using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>Lets the process die before and after every effect on the store.</summary>
internal sealed class CrashingStore(FolderStore inner, CrashSwitch crash) : ISecondaryStore, IHypervisorFolders
{
    public string Name => inner.Name;

    public Task<StoreCheck> CheckAsync(CancellationToken cancellation) => inner.CheckAsync(cancellation);

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        AroundAsync("store put", () => inner.PutAsync(name, content, cancellation));

    public Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation) =>
        AroundAsync("store put", () => inner.PutAsync(name, content, cancellation));

    public Task<StoreObject?> FindAsync(string name, CancellationToken cancellation) => inner.FindAsync(name, cancellation);

    public Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation) => inner.OpenAsync(name, purpose, cancellation);

    public IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public Task DeleteAsync(string name, CancellationToken cancellation) => AroundAsync("store delete", () => inner.DeleteAsync(name, cancellation));

    public Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation) => inner.SweepUnfinishedAsync(prefix, untouchedSince, cancellation);

    public Task EnsureFolderAsync(string name, CancellationToken cancellation) => AroundAsync("store folder", () => inner.EnsureFolderAsync(name, cancellation));

    public Task RemoveFolderAsync(string name, IReadOnlyCollection<string> files, CancellationToken cancellation) =>
        AroundAsync("store folder removal", () => inner.RemoveFolderAsync(name, files, cancellation));

    public Task<IReadOnlyList<string>> FilesInFolderAsync(string name, CancellationToken cancellation) => inner.FilesInFolderAsync(name, cancellation);

    private async Task AroundAsync(string what, Func<Task> effect)
    {
        crash.Point($"before {what}");
        await effect();
        crash.Point($"after {what}");
    }

    private async Task<T> AroundAsync<T>(string what, Func<Task<T>> effect)
    {
        crash.Point($"before {what}");
        var result = await effect();
        crash.Point($"after {what}");
        return result;
    }
}
