namespace SnapshotWorkflows.Durable;

/// <summary>A failure as it is kept in history: type name, message and what <see cref="IExceptionPropertiesProvider"/> added.</summary>
/// <param name="ErrorType">Full CLR type name of the exception.</param>
public record TaskFailureDetails(
    string ErrorType, string ErrorMessage, string? StackTrace, TaskFailureDetails? InnerFailure, IDictionary<string, object?>? Properties = null)
{
    public static TaskFailureDetails FromException(Exception exception) => FromException(exception, null);

    /// <summary>A <see cref="TaskFailedException"/> keeps the details it carries, so that codes survive the way through parents.</summary>
    public static TaskFailureDetails FromException(Exception exception, IExceptionPropertiesProvider? properties)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var inner = exception switch
        {
            TaskFailedException failed => failed.FailureDetails,
            { InnerException: { } cause } => FromException(cause, properties),
            _ => null,
        };
        var own = properties?.GetExceptionProperties(exception);
        if (own is null && exception is TaskFailedException carried)
            own = carried.FailureDetails.Properties;
        return new TaskFailureDetails(exception.GetType().FullName ?? exception.GetType().Name, exception.Message, exception.StackTrace, inner, own);
    }

    public bool IsCausedBy<T>() where T : Exception => IsCausedBy(typeof(T));

    /// <summary>Whether the failed exception was of the type or derived from it; false when its type is not loaded.</summary>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
            throw new ArgumentException($"{targetBaseExceptionType} is not an exception type.", nameof(targetBaseExceptionType));
        if (string.IsNullOrEmpty(ErrorType))
            return false;
        var type = Type.GetType(ErrorType, throwOnError: false)
            ?? targetBaseExceptionType.Assembly.GetType(ErrorType, throwOnError: false)
            ?? AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(ErrorType, throwOnError: false)).FirstOrDefault(found => found is not null);
        return type is not null && targetBaseExceptionType.IsAssignableFrom(type);
    }

    public override string ToString() => $"{ErrorType}: {ErrorMessage}";
}
