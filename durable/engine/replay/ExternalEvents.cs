namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>Waiters form a stack per name: the newest is served first. Early events are kept in order.</summary>
internal sealed class ExternalEvents
{
    private readonly Dictionary<string, List<(IPromise Promise, Type Type)>> _waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Name, string? Input)> _buffered = [];

    public bool HasWaiters => _waiters.Values.Any(stack => stack.Count > 0);

    /// <summary>Events that nobody has taken, in order of arrival.</summary>
    public IReadOnlyList<(string Name, string? Input)> Buffered => _buffered;

    public void Raise(string name, string? input)
    {
        if (_waiters.TryGetValue(name, out var stack) && stack.Count > 0)
        {
            var newest = stack[^1];
            stack.RemoveAt(stack.Count - 1);
            newest.Promise.Resolve(input);
        }
        else
        {
            Buffer(name, input);
        }
    }

    /// <summary>For whoever asks for it later.</summary>
    public void Buffer(string name, string? input) => _buffered.Add((name, input));

    public bool TryTake(string name, out string? input)
    {
        var index = _buffered.FindIndex(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase));
        input = index < 0 ? null : _buffered[index].Input;
        if (index >= 0)
            _buffered.RemoveAt(index);
        return index >= 0;
    }

    public void Push(string name, IPromise promise, Type type)
    {
        if (!_waiters.TryGetValue(name, out var stack))
            _waiters[name] = stack = [];
        if (stack.Count > 0 && stack[^1].Type != type)
            throw new ArgumentException($"Event '{name}' is waited for as {stack[^1].Type} already; all waits on one name take the same type.", nameof(name));
        stack.Add((promise, type));
    }

    /// <summary>A cancelled waiter leaves the stack, so that no event is fed to it.</summary>
    public void Remove(string name, IPromise promise) => _waiters[name].RemoveAll(waiter => waiter.Promise == promise);
}
