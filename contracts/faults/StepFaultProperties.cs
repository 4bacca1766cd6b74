using System.Globalization;

namespace SnapshotWorkflows.Contracts;

/// <summary>Carries a fault's code, kind and remedy in the failure details, so that history never depends on a CLR type's name.</summary>
public sealed class StepFaultProperties : IExceptionPropertiesProvider
{
    public const string Code = "code";
    public const string Kind = "kind";
    public const string Remedy = "remedy";
    public const string RetryAfterSeconds = "retryAfterSeconds";

    public IDictionary<string, object?>? GetExceptionProperties(Exception exception)
    {
        if (exception is not StepFaultException { Fault: var fault }) return null;
        var properties = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [Code] = fault.Code,
            [Kind] = fault.Kind.ToString(),
            [Remedy] = fault.Remedy,
        };
        if (fault.RetryAfter is { } wait) properties[RetryAfterSeconds] = wait.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return properties;
    }
}
