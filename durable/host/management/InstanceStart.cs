using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>POST orchestrators/{name}[/{id}]: starts an instance; with <c>timeout</c> and <c>pollingInterval</c> it waits for the end as well.</summary>
internal sealed class InstanceStart(
    DurableTaskClient client, StartAnswers answers, DurableTaskRegistry registry, IEnumerable<IStartGuard> startGuards, TerminateGuards guards, DurableTaskHostOptions options)
{
    private const int MaxIdLength = 256;

    public async Task StartAsync(HttpContext context, string name, string? id)
    {
        var request = context.Request;
        var wait = StartAnswers.WaitOf(request);
        var registered = registry.GetOrchestrators().Select(known => known.Key.Name).FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
        if (registered is null)
        {
            throw Invalid("orchestrator.unknown", $"The orchestrator '{name}' is not registered.", "Check the name; it is the class name, the one in [DurableTask] or in [Function].");
        }

        if (id is not null && Fault(id) is { } fault)
        {
            throw Invalid("instance.id", $"The instance id {fault}.", $"Use 1 to {MaxIdLength} characters without / \\ # ? and control characters, not starting with @; or leave the id out.");
        }

        var json = await RequestBody.ReadTokenAsync(request);
        Ask(registered, id, json);
        JsonElement? input = null;
        if (json is not null)
        {
            using var document = JsonDocument.Parse(json);
            input = document.RootElement.Clone();
        }

        // 32 hex digits, as the public API makes them.
        id ??= Guid.NewGuid().ToString("N");
        if (options.OverrideRunningInstances)
        {
            await AskToReplaceAsync(id, context.RequestAborted);
        }

        var version = ManagementQuery.Text(request, "version");
        var start = new StartOrchestrationOptions(id)
        {
            DedupeStatuses = options.OverrideRunningInstances ? [] : null,
            // A bare null would become an empty version, by the conversion from string, and hide the default version.
            Version = version.Length == 0 ? (TaskVersion?)null : new TaskVersion(version),
        };
        try
        {
            // As it is registered, however the request spells it: guards go by the instance's name.
            await client.ScheduleNewOrchestrationInstanceAsync(registered, input, start, context.RequestAborted);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            throw InstanceAnswers.Conflict("instance.exists", $"An instance with ID '{id}' exists and has not ended.", "Wait for it, terminate it, or use another id.");
        }

        await answers.AnswerAsync(context, id, wait);
    }

    /// <exception cref="HostProblemException">A guard refuses: 400 with its code.</exception>
    private void Ask(string name, string? id, string? json)
    {
        foreach (var guard in startGuards)
        {
            if (guard.Decide(name, id, json) is { } refusal)
            {
                throw Invalid(refusal.Code, refusal.Detail, refusal.Remedy);
            }
        }
    }

    /// <summary>To replace a live instance is to terminate it.</summary>
    private async Task AskToReplaceAsync(string id, CancellationToken cancellation)
    {
        if (await client.GetInstancesAsync(id, getInputsAndOutputs: true, cancellation) is { } instance && !InstanceAnswers.HasEnded(instance.RuntimeStatus)
            && await guards.AskAsync(instance, new TerminateRequest("Replaced by a new instance.", Forced: false), cancellation))
        {
            throw InstanceAnswers.Conflict("instance.ending", $"The instance with ID '{id}' is ending in its own way.", "Start it again once it has ended.");
        }
    }

    private static string? Fault(string id)
    {
        if (id.Length is 0 or > MaxIdLength)
        {
            return $"has {id.Length} characters";
        }

        if (id[0] == '@')
        {
            return "starts with @, as ids of entities do";
        }

        return id.Any(c => c is '/' or '\\' or '#' or '?' || char.IsControl(c)) ? "holds a character that is not allowed" : null;
    }

    private static HostProblemException Invalid(string code, string detail, string remedy) =>
        new(new HostProblem(StatusCodes.Status400BadRequest, code, detail, remedy));
}
