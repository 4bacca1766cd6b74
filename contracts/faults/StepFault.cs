using System.Globalization;

namespace SnapshotWorkflows.Contracts;

/// <summary>
/// Why a step failed, as it is stored and shown. Codes are forever: <c>room.reason</c>, or <c>system.errorName</c> with the vendor's own spelling.
/// </summary>
/// <param name="Code">Stable, machine-readable.</param>
/// <param name="Kind">What the workflow does about it.</param>
/// <param name="Message">What happened, with the names a person needs. Never a secret.</param>
/// <param name="Remedy">What a person can do; not whether it is tried again, for that it cannot know.</param>
/// <param name="RetryAfter">How long to wait before the next try, when the failing side said so.</param>
public sealed record StepFault(string Code, FaultKind Kind, string Message, string Remedy, TimeSpan? RetryAfter = null)
{
    public bool IsRetryable => Kind is FaultKind.Transient or FaultKind.Busy;

    /// <summary>As it is shown while it is tried again. Only here is that said: the same fault may be the one that ends a request.</summary>
    public StepNotice Waiting(string step, int attempts = 1) => new(Code, Message, $"{Remedy} It is tried again by itself.", step, attempts);

    /// <summary>As the end of what was asked for.</summary>
    public StepNotice Ending(string step) => new(Code, Message, IsRetryable ? $"{Remedy} It is not tried any more: start it again." : Remedy, step);

    /// <summary>Reads the fault back from a failed activity; a failure without a code is a defect and says so.</summary>
    public static StepFault From(TaskFailureDetails details)
    {
        ArgumentNullException.ThrowIfNull(details);
        var properties = details.Properties;
        if (properties is not null && properties.TryGetValue(StepFaultProperties.Code, out var code) && code is not null)
        {
            var kind = Enum.TryParse<FaultKind>(Text(properties, StepFaultProperties.Kind), out var parsed) ? parsed : FaultKind.Rejected;
            var retryAfter = double.TryParse(Text(properties, StepFaultProperties.RetryAfterSeconds), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
                ? TimeSpan.FromSeconds(seconds)
                : (TimeSpan?)null;
            return new StepFault(Text(properties, StepFaultProperties.Code), kind, details.ErrorMessage, Text(properties, StepFaultProperties.Remedy), retryAfter);
        }

        if (details.ErrorType.EndsWith("CanceledException", StringComparison.Ordinal)) return Faults.Cancelled();
        return details.InnerFailure is { } inner && inner.Properties is not null
            ? From(inner)
            : new StepFault("internal", FaultKind.Rejected, $"{details.ErrorType}: {details.ErrorMessage}", "This is a defect of SnapshotWorkflows: report it with the instance's history.");
    }

    private static string Text(IDictionary<string, object?> properties, string name) =>
        properties.TryGetValue(name, out var value) ? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "" : "";
}
