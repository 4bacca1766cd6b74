namespace SnapshotWorkflows.SolidFire;

/// <summary>A call to the cluster failed: either the cluster said no, spelled as it spells it, or it could not be reached.</summary>
/// <param name="errorName">The cluster's own name (<c>xVolumeIDDoesNotExist</c>), or one of <see cref="SolidFireErrors"/>' names for what happened on the way.</param>
public class SolidFireException(string method, string errorName, SolidFireErrorKind kind, string message, Exception? inner = null)
    : Exception($"SolidFire {method}: {errorName}: {message}", inner)
{
    public string Method { get; } = method;

    public string ErrorName { get; } = errorName;

    public SolidFireErrorKind Kind { get; } = kind;

    public bool OutcomeUnknown => Kind == SolidFireErrorKind.OutcomeUnknown;
}

/// <summary>A write was sent, or may have been, and no answer tells whether it was done. The client never repeats it.</summary>
public sealed class SolidFireOutcomeUnknownException(string method, string errorName, string message, Exception? inner = null)
    : SolidFireException(method, errorName, SolidFireErrorKind.OutcomeUnknown, $"{message} It is not known whether the call was done; look for what it would have made before calling again.", inner);
