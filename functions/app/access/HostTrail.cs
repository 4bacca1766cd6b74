using System.Data.Common;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Access;

/// <summary>
/// The audit trail of what is done past the API: by the management API, to keys, to functions by hand; and of refused keys. Of those the first of a source is told, then the tenth, the hundredth and so on, of each
/// day anew: whoever tries keys all day leaves a few lines, and not a full catalog.
/// </summary>
/// <param name="audit">Opened when it is first needed: the server's pipeline is built before the catalog is.</param>
internal sealed partial class HostTrail(Func<AuditTrail> audit, TimeProvider time, ILogger<HostTrail> logger) : IRequestWitness
{
    /// <summary>Sources of a day that are told apart; all others count as one.</summary>
    private const int SourcesMax = 10;

    private const string Others = "others";
    private const int LongestShown = 200;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _refused = new(StringComparer.Ordinal);
    private DateTimeOffset _day;

    public void Answered(WitnessedRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (HostAct.Of(request) is not { } act) return;
        Add(request.Caller!, act.What, act.Subject, request.Code switch { null => "done", WitnessedRequest.Broken => "unknown", _ => "refused" }, request.Code is null ? act.Detail : act.Detail is null ? request.Code : $"{request.Code}; {act.Detail}");
    }

    public void Refused(WitnessedRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (source, times) = Count($"{request.Code} {request.Caller ?? request.Address}");
        if (!IsPowerOfTen(times)) return;
        var whom = source == Others ? $"{request.Code} from many addresses" : $"{request.Code} from {request.Address ?? "an unknown address"}";
        Add(request.Caller ?? "unknown", "access.refused", Shown(request.Path), "refused", times == 1 ? $"{whom}: {request.Method}" : $"{whom}: {request.Method}, {times} times today");
    }

    private (string Source, long Times) Count(string source)
    {
        lock (_lock)
        {
            var today = new DateTimeOffset(time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
            if (today != _day)
            {
                _day = today;
                _refused.Clear();
            }

            if (!_refused.ContainsKey(source) && _refused.Count >= SourcesMax) source = Others;
            var times = _refused.GetValueOrDefault(source) + 1;
            _refused[source] = times;
            return (source, times);
        }
    }

    /// <summary>The request is over, so a trail that cannot be written is told to the log; the act with it.</summary>
    private void Add(string who, string what, string subject, string outcome, string? detail)
    {
        try
        {
            audit().Add(who, what, subject, outcome, detail is null ? null : Shown(detail));
        }
        catch (Exception broken) when (broken is CatalogException or DbException)
        {
            NotWritten(logger, broken, who, what, subject, outcome);
        }
    }

    private static bool IsPowerOfTen(long times)
    {
        while (times % 10 == 0) times /= 10;
        return times == 1;
    }

    private static string Shown(string text) => text.Length <= LongestShown ? text : text[..LongestShown];

    [LoggerMessage(EventId = 4011, Level = LogLevel.Error, Message = "The audit trail could not be written: {Who} {What} {Subject}, {Outcome}")]
    private static partial void NotWritten(ILogger logger, Exception broken, string who, string what, string subject, string outcome);
}
