namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>The task that an orchestrator awaits, without its result type.</summary>
internal interface IPromise
{
    void Resolve(string? result);

    void Fail(Exception failure);
}

/// <summary>Continuations run inline: the orchestrator goes on inside the call that resolves.</summary>
internal sealed class Promise<T>(DataConverter converter) : TaskCompletionSource<T>, IPromise
{
    public void Resolve(string? result)
    {
        T value;
        try
        {
            value = converter.Deserialize<T>(result)!;
        }
        catch (Exception exception)
        {
            // Constructors, setters and converters of the type are anybody's code. Whoever awaits it hears of it, as of any failure.
            TrySetException(new InvalidOperationException($"The result cannot be read as {typeof(T)}: {exception.Message}", exception));
            return;
        }
        TrySetResult(value);
    }

    public void Fail(Exception failure) => TrySetException(failure);
}
