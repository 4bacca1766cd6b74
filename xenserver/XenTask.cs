using System.Text.Json.Serialization;
using System.Xml;
using System.Xml.Linq;

namespace SnapshotWorkflows.XenServer;

public enum XenTaskStatus
{
    Pending,
    Success,
    Failure,
    Cancelling,
    Cancelled,
}

/// <summary>An asynchronous call of the pool. Tasks do not survive a restart of the toolstack: one that is gone has an unknown outcome.</summary>
public sealed record XenTask : XenRecord
{
    [JsonPropertyName("name_label")] public string NameLabel { get; init; } = "";
    [JsonPropertyName("status"), JsonInclude] internal string StatusText { get; init; } = "";

    /// <summary>0 to 1.</summary>
    [JsonPropertyName("progress")] public double Progress { get; init; }

    /// <summary>The result as XML-RPC text; see <see cref="ResultValues"/>.</summary>
    [JsonPropertyName("result")] public string Result { get; init; } = "";

    /// <summary>Code and parameters of a failure.</summary>
    [JsonPropertyName("error_info")] public IReadOnlyList<string> ErrorInfo { get; init; } = [];

    [JsonPropertyName("other_config")] public IReadOnlyDictionary<string, string> OtherConfig { get; init; } = new Dictionary<string, string>();
    [JsonPropertyName("current_operations")] public IReadOnlyDictionary<string, string> CurrentOperations { get; init; } = new Dictionary<string, string>();
    [JsonPropertyName("created")] public DateTimeOffset? CreatedAt { get; init; }
    [JsonPropertyName("finished")] public DateTimeOffset? FinishedAt { get; init; }

    [JsonIgnore] public XenTaskStatus Status => StatusText switch
    {
        "pending" => XenTaskStatus.Pending,
        "success" => XenTaskStatus.Success,
        "failure" => XenTaskStatus.Failure,
        "cancelling" => XenTaskStatus.Cancelling,
        "cancelled" => XenTaskStatus.Cancelled,
        _ => throw new XenApiException("task.get_record", XenApiErrors.AnswerLost, [StatusText], XenApiErrorKind.Permanent, "This is no task status that is known."),
    };

    /// <summary>Whether the task has come to an end, good or bad.</summary>
    [JsonIgnore] public bool Ended => Status is XenTaskStatus.Success or XenTaskStatus.Failure or XenTaskStatus.Cancelled;

    /// <summary>The result's values: none for void, one for a scalar, several for a set.</summary>
    public IReadOnlyList<string> ResultValues()
    {
        if (string.IsNullOrWhiteSpace(Result)) return [];
        if (!Result.TrimStart().StartsWith('<')) return [Result];
        try
        {
            // Leaves only: <value>x</value>, <value><string>x</string></value>, <value><array><data><value>x</value>...
            return [.. XenXml.Parse(Result).DescendantsAndSelf().Where(element => !element.HasElements && element.Value.Length > 0).Select(element => element.Value)];
        }
        catch (XmlException fault)
        {
            throw new XenApiException("task.get_record", XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, $"The result of task {Uuid} could not be read.", fault);
        }
    }

    /// <summary>The object that the task made.</summary>
    /// <exception cref="XenApiException">The result is not exactly one reference.</exception>
    public OpaqueRef ResultRef() => ResultValues() is [var value]
        ? new OpaqueRef(value)
        : throw new XenApiException("task.get_record", XenApiErrors.AnswerLost, [Result], XenApiErrorKind.Reconcile, $"The result of task {Uuid} is not one reference.");

    /// <summary>The failure of a task that ended without success; null while it runs and after success.</summary>
    public XenApiException? FindFailure() => Status switch
    {
        XenTaskStatus.Failure => ErrorInfo.Count > 0
            ? new XenApiException(NameLabel, ErrorInfo[0], [.. ErrorInfo.Skip(1)], XenApiErrors.Classify(ErrorInfo[0], [.. ErrorInfo.Skip(1)], write: true))
            : new XenApiException(NameLabel, XenApiErrors.AnswerLost, [], XenApiErrorKind.Reconcile, "The task failed and does not say why."),
        XenTaskStatus.Cancelled => new XenApiException(NameLabel, XenApiErrors.TaskCancelled, [Ref.Value], XenApiErrorKind.Reconcile, "The task was cancelled."),
        _ => null,
    };
}

internal static class XenXml
{
    private static readonly XmlReaderSettings s_settings = new() { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null, IgnoreWhitespace = true, IgnoreComments = true };

    public static XElement Parse(string text)
    {
        using var reader = XmlReader.Create(new StringReader(text.Trim()), s_settings);
        return XElement.Load(reader);
    }
}
