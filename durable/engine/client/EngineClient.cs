using System.Diagnostics;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Engine.Client;

/// <summary>The client of an engine in the same process.</summary>
internal sealed partial class EngineClient(DurableEngine engine, Func<IHttpManagementPayloadFactory?> payloads) : DurableTaskClient("default"), IHttpManagementPayloadFactory
{
    private readonly EngineEntityClient _entities = new(engine);

    public override DurableEntityClient Entities => _entities;

    public HttpManagementPayload Create(string instanceId) =>
        (payloads() ?? throw new InvalidOperationException("No host with a management API runs in this process.")).Create(instanceId);

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(orchestratorName.Name, nameof(orchestratorName));
        using var span = EngineTracing.Create(orchestratorName.Name, options?.Version?.Version ?? engine.DefaultVersion);
        var now = engine.Time.GetUtcNow();
        var refused = RefusedBy(options?.DedupeStatuses);
        var startAt = options?.StartAt is { } later && later > now ? later : (DateTimeOffset?)null;
        var start = NewStart(orchestratorName.Name, options?.InstanceId, engine.Converter.Serialize(input), options?.Version?.Version) with
        {
            Tags = options?.Tags is { Count: > 0 } tags ? tags : null,
            ScheduledStartTime = startAt?.UtcDateTime,
        };
        var instanceId = start.OrchestrationInstance.InstanceId;
        while (true)
        {
            // Whoever has given up has perhaps asked again, and been answered.
            cancellation.ThrowIfCancellationRequested();
            var result = await engine.WriteAsync(new StartInstance(start, startAt ?? now, refused), cancellation);
            if (result.Outcome == WriteOutcome.Done)
                return instanceId;
            var status = result.Status!.Value;
            if (refused.Contains(status))
                throw new OrchestrationAlreadyExistsException($"An orchestration instance with ID '{instanceId}' already exists in the {status} state.");
            // A live instance that may be replaced: it ends first.
            await engine.WriteAsync(new SendMessage(instanceId, new ExecutionTerminatedEvent { Timestamp = now.UtcDateTime, Recurse = true, Input = "\"Replaced by a new instance.\"" }), cancellation);
            await WaitForInstanceCompletionAsync(instanceId, false, cancellation);
        }
    }

    private ExecutionStartedEvent NewStart(string name, string? instanceId, string? input, string? version)
    {
        var now = engine.Time.GetUtcNow();
        instanceId ??= engine.NewId();
        InstanceIds.Check(instanceId);
        StorableText.Demand(name, "name");
        StorableText.Demand(version, "version");
        return new ExecutionStartedEvent
        {
            OrchestrationInstance = new OrchestrationInstance(instanceId, engine.NewId()),
            Name = name,
            Version = version ?? engine.DefaultVersion,
            Input = input,
            Timestamp = now.UtcDateTime,
            ParentTraceContext = Activity.Current?.Id,
            ParentTraceState = Activity.Current?.TraceStateString,
        };
    }

    /// <summary>An instance that has ended takes no events, and nobody is told, as in the public client.</summary>
    public override Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default) =>
        TryRaiseEventAsync(instanceId, eventName, eventPayload, cancellation);

    /// <returns>False when the instance has ended.</returns>
    internal async Task<bool> TryRaiseEventAsync(string instanceId, string eventName, object? eventPayload, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var raised = new EventRaisedEvent { Name = eventName, Input = engine.Converter.Serialize(eventPayload), Timestamp = engine.Time.GetUtcNow().UtcDateTime };
        var result = await SendAsync(instanceId, raised, cancellation);
        if (result.Outcome == WriteOutcome.NotFound)
            throw NotFound(instanceId);
        return result.Outcome != WriteOutcome.Refused;
    }

    public override async Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        // Without options children end too: a child without its parent would work on for nobody.
        var terminated = new ExecutionTerminatedEvent
        {
            Input = engine.Converter.Serialize(options?.Output), Recurse = options?.Recursive ?? true, Timestamp = engine.Time.GetUtcNow().UtcDateTime,
        };
        Demand(instanceId, await SendAsync(instanceId, terminated, cancellation), "terminate");
    }

    public override async Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        if (await StatusAsync(instanceId, cancellation) == OrchestrationRuntimeStatus.Suspended)
            throw WrongStatus(instanceId, "suspend", OrchestrationRuntimeStatus.Suspended);
        Demand(instanceId, await SendAsync(instanceId, new ExecutionSuspendedEvent { Reason = reason, Timestamp = engine.Time.GetUtcNow().UtcDateTime }, cancellation), "suspend");
    }

    public override async Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        var status = await StatusAsync(instanceId, cancellation);
        if (status != OrchestrationRuntimeStatus.Suspended)
            throw WrongStatus(instanceId, "resume", status);
        Demand(instanceId, await SendAsync(instanceId, new ExecutionResumedEvent { Reason = reason, Timestamp = engine.Time.GetUtcNow().UtcDateTime }, cancellation), "resume");
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<WriteResult> SendAsync(string instanceId, HistoryEvent message, CancellationToken cancellation)
    {
        InstanceIds.Check(instanceId);
        cancellation.ThrowIfCancellationRequested();
        return engine.WriteAsync(new SendMessage(instanceId, message), cancellation);
    }

    private async Task<OrchestrationRuntimeStatus> StatusAsync(string instanceId, CancellationToken cancellation)
    {
        var hub = await engine.HubAsync(cancellation);
        return (await hub.ReadInstanceAsync(instanceId, false, cancellation) ?? throw NotFound(instanceId)).Status;
    }

    private static void Demand(string instanceId, WriteResult result, string verb)
    {
        if (result.Outcome == WriteOutcome.NotFound)
            throw NotFound(instanceId);
        if (result.Outcome == WriteOutcome.Refused)
            throw WrongStatus(instanceId, verb, result.Status!.Value);
    }

    private static ArgumentException NotFound(string instanceId) => new($"No instance with ID '{instanceId}' was found.", nameof(instanceId));

    private static InvalidOperationException WrongStatus(string instanceId, string verb, OrchestrationRuntimeStatus status) =>
        new($"Cannot {verb} the orchestration instance {instanceId} because instance is in the {status} state.");

    private static IReadOnlySet<OrchestrationRuntimeStatus> RefusedBy(IReadOnlyList<string>? dedupe)
    {
        if (dedupe is null)
            return InstanceIds.Live;
        var refused = dedupe.Select(name => Enum.TryParse<OrchestrationRuntimeStatus>(name, ignoreCase: true, out var status)
            ? status
            : throw new ArgumentException($"'{name}' is no status; dedupe statuses are {string.Join(", ", Enum.GetNames<OrchestrationRuntimeStatus>())}.", nameof(dedupe))).ToHashSet();
        if (refused.Contains(OrchestrationRuntimeStatus.Terminated) && InstanceIds.Live.Any(live => live != OrchestrationRuntimeStatus.ContinuedAsNew && !refused.Contains(live)))
            throw new ArgumentException("Terminated cannot refuse a start while a live status does not: replacing a live instance terminates it first.", nameof(dedupe));
        return refused;
    }
}
