namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>
/// What a page of instances or entities may hold at most, so that a thousand of them with payloads of megabytes do not fill the memory of the process. A page that is full ends early, with a token
/// for the rest.
/// </summary>
/// <param name="characters">Of inputs, outputs, custom statuses and messages of failures, or of states, together; 32 Mi.</param>
public sealed class PageBudget(long characters = 32 << 20)
{
    private long _left = characters;
    private bool _begun;

    /// <returns>False when the page is full without this one. The first always fits, however large it is.</returns>
    public bool TryTake(InstanceRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return TryTake(Length(record.Input) + Length(record.Output) + Length(record.CustomStatus) + Length(record.Failure?.ErrorMessage) + Length(record.Failure?.StackTrace));
    }

    /// <inheritdoc cref="TryTake(InstanceRecord)"/>
    public bool TryTake(EntityRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return TryTake(Length(record.State));
    }

    private bool TryTake(long size)
    {
        if (_begun && size > _left)
            return false;
        _begun = true;
        _left -= size;
        return true;
    }

    private static long Length(string? text) => text?.Length ?? 0;
}
