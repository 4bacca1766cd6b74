namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// What must be taken away again, pushed before it is made: each undo works by name, whether or not the thing came to be.
/// Before the commit point unwinding is undo; after it the same stack, less what the request keeps, is the clean-up.
/// </summary>
internal sealed class UndoScope(StepRunner runner)
{
    private readonly List<(string Step, Func<Action<StepNotice?>, Task> Undo)> _stack = [];

    /// <param name="done">Told its answer.</param>
    public void Push<TInput, TOutput>(Step<TInput, TOutput> undo, TInput input, Action<TOutput>? done = null) => _stack.Add((undo.Name, Finishing(undo, input, done)));

    /// <summary>An undo that is no activity; it must not fail.</summary>
    public void Push(string name, Func<Task> undo) => _stack.Add((name, _ => undo()));

    /// <summary>What this step would take away is kept: it belongs to the finished snapshot now.</summary>
    public void Keep(string undoStep) => _stack.RemoveAll(entry => entry.Step == undoStep);

    /// <summary>Puts another clean-up in the place of one.</summary>
    /// <param name="done">Told its answer.</param>
    public void Replace<TInput, TOutput>(string undoStep, Step<TInput, TOutput> by, TInput input, Action<TOutput>? done = null)
    {
        for (var i = 0; i < _stack.Count; i++)
        {
            if (_stack[i].Step == undoStep) _stack[i] = (by.Name, Finishing(by, input, done));
        }
    }

    /// <summary>Takes everything away, last made first. Returns only when all of it is gone.</summary>
    /// <param name="at">Told the step that begins.</param>
    /// <param name="stuck">Told what keeps failing, and null when it went through.</param>
    public async Task UnwindAsync(Action<string> at, Action<StepNotice?> stuck)
    {
        while (_stack.Count > 0)
        {
            var (step, undo) = _stack[^1];
            at(step);
            await undo(stuck);
            _stack.RemoveAt(_stack.Count - 1);
        }
    }

    private Func<Action<StepNotice?>, Task> Finishing<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, Action<TOutput>? done) => async stuck =>
    {
        var output = await runner.FinishAsync(step, input, stuck);
        done?.Invoke(output);
    };
}
