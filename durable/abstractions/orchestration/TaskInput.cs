namespace SnapshotWorkflows.Durable;

internal static class TaskInput
{
    /// <summary>Null becomes the default of the type; anything else must be of the type.</summary>
    public static T As<T>(object? input) => input switch
    {
        null => default!,
        T typed => typed,
        _ => throw new ArgumentException($"The input is a {input.GetType()}, but a {typeof(T)} was expected.", nameof(input)),
    };
}
