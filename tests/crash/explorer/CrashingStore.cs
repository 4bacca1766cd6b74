using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>Lets the process die before and after every effect on the store.</summary>
internal class CrashingStore(FolderStore inner, CrashSwitch crash) : ISecondaryStore, IStagedObjects, IHypervisorFolders
{
    public string Name => inner.Name;

    public Task<StoreCheck> CheckAsync(CancellationToken cancellation) => inner.CheckAsync(cancellation);

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        AroundAsync("store put", () => inner.PutAsync(name, content, cancellation));

    public Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation) =>
        AroundAsync("store put", () => inner.PutAsync(name, content, cancellation));

    public virtual Task<StoreObject?> FindAsync(string name, CancellationToken cancellation) => inner.FindAsync(name, cancellation);

    public Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation) => inner.OpenAsync(name, purpose, cancellation);

    public IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public Task DeleteAsync(string name, CancellationToken cancellation) => AroundAsync("store delete", () => inner.DeleteAsync(name, cancellation));

    public Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation) => inner.SweepUnfinishedAsync(prefix, untouchedSince, cancellation);

    public async Task<IStagedObject> OpenStagedAsync(string name, string session, CancellationToken cancellation) =>
        new CrashingStaged(await inner.OpenStagedAsync(name, session, cancellation), crash);

    public Task DiscardStagedAsync(string name, CancellationToken cancellation) => AroundAsync("store discard", () => inner.DiscardStagedAsync(name, cancellation));

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

    private sealed class CrashingStaged(IStagedObject inner, CrashSwitch crash) : IStagedObject
    {
        public bool Holds(StagedPart part) => inner.Holds(part);

        public async Task WriteAsync(StagedPart part, IReadOnlyList<ReadOnlyMemory<byte>> content, CancellationToken cancellation)
        {
            crash.Point("before store stage");
            await inner.WriteAsync(part, content, cancellation);
            crash.Point("after store stage");
        }

        public async Task<PutOutcome> CommitAsync(IReadOnlyList<StagedPart> parts, CancellationToken cancellation)
        {
            crash.Point("before store commit");
            var outcome = await inner.CommitAsync(parts, cancellation);
            crash.Point("after store commit");
            return outcome;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
