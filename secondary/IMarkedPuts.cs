namespace SnapshotWorkflows.Secondary;

/// <summary>A store that keeps with each object a mark of who made it: a put under one mark can be repeated, and the outcome is still true.</summary>
public interface IMarkedPuts
{
    /// <summary>False where this is a decorator of a store that keeps none; then nothing else here may be called.</summary>
    bool KeepsMarks { get; }

    /// <inheritdoc cref="ISecondaryStore.PutAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <param name="mark">1 to 32 of a-z 0-9, new for every put that is meant as another one. An object that bears it counts as created by this call.</param>
    Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, string mark, CancellationToken cancellation);
}
