using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>
/// Asked before the management API terminates an instance. An app registers one when some of its orchestrations hold things outside
/// (a terminate would leak them) and have a way of their own to end early.
/// </summary>
public interface ITerminateGuard
{
    /// <param name="instance">The live instance, with its input.</param>
    /// <param name="request">What the caller asked for.</param>
    Task<TerminateDecision> DecideAsync(OrchestrationMetadata instance, TerminateRequest request, CancellationToken cancellation);
}

/// <param name="Reason">Query parameter <c>reason</c>.</param>
/// <param name="Forced">Query parameter <c>force=true</c>: the caller has read the refusal and means it.</param>
public sealed record TerminateRequest(string? Reason, bool Forced);

/// <summary>What becomes of a terminate.</summary>
public sealed record TerminateDecision
{
    private TerminateDecision()
    {
    }

    /// <summary>The engine terminates the instance.</summary>
    public static TerminateDecision Allow { get; } = new();

    /// <summary>The guard has ended the instance its own way, such as by sending its cancel event: 202, and nothing else is done.</summary>
    public static TerminateDecision Handled { get; } = new() { IsHandled = true };

    internal bool IsHandled { get; private init; }

    internal string? RefusalCode { get; private init; }

    internal string Detail { get; private init; } = "";

    internal string Remedy { get; private init; } = "";

    /// <summary>409 with this code; <paramref name="remedy"/> names the route to use instead.</summary>
    public static TerminateDecision Refuse(string code, string detail, string remedy) => new() { RefusalCode = code, Detail = detail, Remedy = remedy };
}
