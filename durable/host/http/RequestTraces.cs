using System.Diagnostics;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>
/// Sees to it that every request has an activity, so that the W3C trace context of the caller reaches the instances it starts. ASP.NET Core makes one only when
/// somebody listens; what is recorded and where it goes stays with whoever exports traces.
/// </summary>
internal sealed class RequestTraces : IDisposable
{
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = static source => source.Name == "Microsoft.AspNetCore",
        Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.PropagationData,
    };

    public RequestTraces() => ActivitySource.AddActivityListener(_listener);

    public void Dispose() => _listener.Dispose();
}
