namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>What activities did, in order.</summary>
internal sealed class Journal
{
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the first line.</summary>
    public Task First => _first.Task;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public void Write(string line)
    {
        lock (_lines)
            _lines.Add(line);
        _first.TrySetResult();
    }
}
