using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>A copy that can be read as the disk it holds.</summary>
/// <param name="holder">What keeps it open.</param>
public sealed class OpenCopy(ISparseDisk disk, IAsyncDisposable holder) : IAsyncDisposable
{
    public ISparseDisk Disk { get; } = disk;

    public ValueTask DisposeAsync() => holder.DisposeAsync();
}
