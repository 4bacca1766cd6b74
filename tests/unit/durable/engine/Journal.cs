namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>What activities did, in order.</summary>
internal sealed class Journal
{
    private readonly List<string> _lines = [];

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
    }
}
