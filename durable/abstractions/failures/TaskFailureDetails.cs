namespace SnapshotWorkflows.Durable;

/// <summary>A failure as it is kept in history: type name, message and what <see cref="IExceptionPropertiesProvider"/> added.</summary>
/// <param name="ErrorType">Full CLR type name of the exception.</param>
public record TaskFailureDetails(
    string ErrorType, string ErrorMessage, string? StackTrace, TaskFailureDetails? InnerFailure, IDictionary<string, object?>? Properties = null)
{
    /// <summary>
    /// What <see cref="IExceptionPropertiesProvider"/> added. Texts, truth values, int, long, double and null stay as they are; values of any other type are kept as JSON, or as text
    /// where they have no JSON: whatever it is, the failure can be stored.
    /// </summary>
    public IDictionary<string, object?>? Properties { get; init => field = FailureProperties.Storable(value); } = FailureProperties.Storable(Properties);

    public static TaskFailureDetails FromException(Exception exception) => FromException(exception, null);

    /// <summary>
    /// A <see cref="TaskFailedException"/> keeps the details it carries, so that codes survive the way through parents. Never throws for what the exception or the provider do: a failure that
    /// cannot be told in full is told as far as it goes.
    /// </summary>
    public static TaskFailureDetails FromException(Exception exception, IExceptionPropertiesProvider? properties)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var inner = exception switch
        {
            TaskFailedException failed => failed.FailureDetails,
            { InnerException: { } cause } => FromException(cause, properties),
            _ => null,
        };
        var own = FailureProperties.Of(exception, properties);
        if (own is null && exception is TaskFailedException carried)
            own = carried.FailureDetails.Properties;
        return new TaskFailureDetails(
            exception.GetType().FullName ?? exception.GetType().Name, Told(exception, one => one.Message) ?? "", Told(exception, one => one.StackTrace), inner, own);
    }

    /// <summary>Both are virtual: code of anybody's, which may throw.</summary>
    private static string? Told(Exception exception, Func<Exception, string?> what)
    {
        try
        {
            return what(exception);
        }
        catch (Exception broken)
        {
            return $"(it cannot be told: {broken.GetType().FullName})";
        }
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
