namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>One remote call, whatever form it came in.</summary>
internal sealed record RpcRequest(string Method, IReadOnlyList<object?> Parameters);

/// <summary>The body is no call at all; xapi answers HTTP 500 and an HTML page.</summary>
internal sealed class MalformedRequest(string reason) : Exception(reason);

/// <summary>A form in which calls arrive and answers leave.</summary>
internal interface IRpcForm
{
    string ContentType { get; }

    RpcRequest Request { get; }

    byte[] Success(object? value);

    byte[] Failure(IReadOnlyList<string> description);

    /// <summary>An error raised before the call was dispatched: in JSON a bare array under version 2.</summary>
    byte[] FailureOutsideDispatch(IReadOnlyList<string> description);
}

/// <summary>Dates as XenAPI writes them: <c>20260102T03:04:05Z</c>.</summary>
internal static class XenDate
{
    public const string Format = "yyyyMMdd'T'HH:mm:ss'Z'";

    public static string Text(DateTimeOffset at) => at.UtcDateTime.ToString(Format);
}
