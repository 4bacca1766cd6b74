namespace SnapshotWorkflows.Durable;

/// <summary>Adds values, such as an error code, to the failure details of an exception. Never secrets: the values are stored and shown.</summary>
public interface IExceptionPropertiesProvider
{
    /// <returns>Null when there is nothing to add.</returns>
    IDictionary<string, object?>? GetExceptionProperties(Exception exception);
}
