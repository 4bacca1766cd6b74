namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>
/// Rows that one instance has been told of, so that each counts once. Numbers of several nodes do not arrive in order, hence a set; of consumed ones only the latest are
/// remembered, since word of a row can be late by no more than a commit or two.
/// </summary>
internal sealed class SeenSequences
{
    private const int Remembered = 512;

    private readonly HashSet<long> _seen = [];
    private readonly Queue<long> _consumed = [];

    /// <returns>False when it has been seen.</returns>
    public bool Add(long sequence) => _seen.Add(sequence);

    public void Consumed(IReadOnlyList<long> sequences)
    {
        foreach (var sequence in sequences)
            _consumed.Enqueue(sequence);
        while (_consumed.Count > Remembered)
            _seen.Remove(_consumed.Dequeue());
    }
}
