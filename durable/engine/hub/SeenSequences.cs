namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>
/// Rows that one instance has been told of, so that each counts once. Numbers of several nodes do not arrive in order, hence a set; of consumed ones only the latest are
/// remembered, since word of a row can be late by no more than a commit or two. One commit may consume thousands, so whole commits are remembered, not just so many rows.
/// </summary>
internal sealed class SeenSequences
{
    private const int RememberedRows = 512;
    private const int RememberedCommits = 8;

    private readonly HashSet<long> _seen = [];
    private readonly Queue<IReadOnlyList<long>> _consumed = [];
    private int _rows;

    /// <returns>False when it has been seen.</returns>
    public bool Add(long sequence) => _seen.Add(sequence);

    public void Consumed(IReadOnlyList<long> sequences)
    {
        if (sequences.Count == 0)
            return;
        _consumed.Enqueue(sequences);
        _rows += sequences.Count;
        while (_consumed.Count > RememberedCommits && _rows - _consumed.Peek().Count >= RememberedRows)
        {
            var oldest = _consumed.Dequeue();
            _rows -= oldest.Count;
            _seen.ExceptWith(oldest);
        }
    }
}
