namespace SnapshotWorkflows.XenServer;

/// <summary>A call to the pool failed: either the pool said no, spelled as it spells it, or it could not be reached.</summary>
public class XenApiException : Exception
{
    private const int ShownMax = 400;

    public XenApiException(string method, string code, IReadOnlyList<string> parameters, XenApiErrorKind kind, string? note = null, Exception? inner = null)
        : base($"XenServer {method}: {code}{Shown(parameters)}{(note is null ? "" : ": " + note)}", inner)
    {
        Method = method;
        Code = code;
        Parameters = parameters;
        Kind = kind;
    }

    public string Method { get; }

    /// <summary>XenAPI's code (<c>SR_UUID_EXISTS</c>), or one of <see cref="XenApiErrors"/>' codes for what happened on the way.</summary>
    public string Code { get; }

    /// <summary>The error's parameters, with secrets taken out.</summary>
    public IReadOnlyList<string> Parameters { get; }

    public XenApiErrorKind Kind { get; }

    public bool OutcomeUnknown => Kind == XenApiErrorKind.Reconcile;

    private static string Shown(IReadOnlyList<string> parameters) => parameters.Count == 0
        ? ""
        : $" [{string.Join(", ", parameters.Select(text => text.Length <= ShownMax ? text : text[..ShownMax] + "…"))}]";
}

/// <summary>A write was sent, or may have been, and no answer tells whether it was done. The client never repeats it.</summary>
public sealed class XenApiOutcomeUnknownException(string method, string code, string note, Exception? inner = null)
    : XenApiException(method, code, [], XenApiErrorKind.Reconcile, $"{note} It is not known whether the call was done; look for what it would have made before calling again.", inner);
