using System.Globalization;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.CloudStack.Calls;

/// <summary>Asynchronous commands and the question after their end.</summary>
internal sealed class JobCalls(CloudState state, CloudStackOptions options, TimeProvider clock)
{
    private static readonly string[] TaggedTypes = ["Volume", "Snapshot", "UserVm", "VirtualMachine"];

    public JsonObject CreateTags(CommandParameters parameters)
    {
        var resources = parameters.List("resourceids");
        var type = parameters.RequiredText("resourcetype");
        var tags = parameters.Pairs("tags").ToList();
        if (resources.Count == 0)
        {
            throw CloudError.Missing(parameters.Command, "resourceids");
        }

        if (tags.Count == 0)
        {
            throw CloudError.Missing(parameters.Command, "tags");
        }

        if (!TaggedTypes.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            throw new CloudError(431, 4350, $"Invalid resource type: {type}");
        }

        return Start(parameters.Command, () =>
        {
            if (resources.FirstOrDefault(resource => !state.Exists(resource)) is { } unknown)
            {
                throw new CloudError(431, 4350, $"Unable to find resource by id {unknown} and type {type}");
            }

            // Assumption: a key that the resource already bears fails the whole job.
            if (tags.Find(tag => resources.Any(resource => state.Tags.Exists(held => held.ResourceId == resource && held.Key == tag.Key))) is { Key: not null } taken)
            {
                throw new CloudError(431, 4350, $"tag {taken.Key} already exists on the resource");
            }

            state.Tags.AddRange(resources.SelectMany(resource => tags.Select(tag => new CloudTag(resource, type, tag.Key, tag.Value))));
            return new JsonObject { ["success"] = true };
        });
    }

    /// <summary>Without tags all of the resource go, with a key only those; one that is not there fails the job.</summary>
    public JsonObject DeleteTags(CommandParameters parameters)
    {
        var resources = parameters.List("resourceids");
        var type = parameters.RequiredText("resourcetype");
        var tags = parameters.Pairs("tags").ToList();
        if (resources.Count == 0)
        {
            throw CloudError.Missing(parameters.Command, "resourceids");
        }

        return Start(parameters.Command, () =>
        {
            var doomed = state.Tags.FindAll(held => resources.Contains(held.ResourceId) && held.ResourceType.Equals(type, StringComparison.OrdinalIgnoreCase)
                && (tags.Count == 0 || tags.Exists(tag => tag.Key == held.Key && (tag.Value.Length == 0 || tag.Value == held.Value))));
            if (doomed.Count == 0)
            {
                throw new CloudError(431, 4350, "Unable to find any tags which conform to specified delete criteria.");
            }

            state.Tags.RemoveAll(doomed.Contains);
            return new JsonObject { ["success"] = true };
        });
    }

    public JsonObject QueryAsyncJobResult(CommandParameters parameters)
    {
        var id = parameters.RequiredText("jobid");
        if (!state.Jobs.TryGetValue(id, out var job))
        {
            throw CloudError.UnknownEntity("jobid", id);
        }

        var json = new JsonObject
        {
            ["accountid"] = state.IdOf("account", options.CallerAccount),
            ["account"] = options.CallerAccount,
            ["domainid"] = state.DomainId,
            ["domainpath"] = CloudState.DomainName,
            ["userid"] = state.IdOf("user", options.CallerAccount),
            ["cmd"] = ClassOf(job.Command),
            ["created"] = job.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture),
            ["jobid"] = job.Id,
            ["jobprocstatus"] = 0,
            ["jobresultcode"] = job.Status == 2 ? 530 : 0,
            ["jobstatus"] = job.Status,
        };
        if (job.InstanceId is { } instance)
        {
            json["jobinstancetype"] = job.InstanceType;
            json["jobinstanceid"] = instance;
        }

        if (job.Result is { } result)
        {
            json["jobresulttype"] = "object";
            json["jobresult"] = result.DeepClone();
            json["completed"] = job.Due.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture);
        }

        return json;
    }

    /// <summary>The command's class, as the server names it.</summary>
    private static string ClassOf(string command) =>
        $"org.apache.cloudstack.api.command.user.{(command.EndsWith("Tags", StringComparison.Ordinal) ? "tag" : "snapshot")}.{char.ToUpperInvariant(command[0])}{command[1..]}Cmd";

    /// <summary>Runs what is due; whether anything was.</summary>
    public bool Step()
    {
        var now = clock.GetUtcNow();
        var due = state.Jobs.Values.Where(job => job.Status == 0 && job.Due <= now).OrderBy(job => job.Due).ToList();
        due.ForEach(job => job.Run());
        // Finished jobs are forgotten after a day (job.expire.minutes).
        var old = state.Jobs.Values.Where(job => job.Status != 0 && job.Due + options.JobsKept <= now).ToList();
        old.ForEach(job => state.Jobs.Remove(job.Id));
        return due.Count + old.Count > 0;
    }

    /// <summary>Begins a job.</summary>
    /// <param name="customId">A uuid of the caller's choice; one that was used before is refused, which makes it a key of idempotency.</param>
    public JsonObject Start(string command, Func<JsonObject> effect, string? instanceType = null, string? instanceId = null, string? customId = null)
    {
        if (customId is not null && (!Guid.TryParse(customId, out _) || state.Jobs.ContainsKey(customId)))
        {
            throw new CloudError(431, 4350, $"Invalid custom job id {customId}: it is no uuid, or it was used before");
        }

        var now = clock.GetUtcNow();
        var job = new CloudJob(customId ?? Guid.NewGuid().ToString(), command, now, now + options.JobTime, effect) { InstanceType = instanceType, InstanceId = instanceId };
        state.Jobs.Add(job.Id, job);
        var answer = new JsonObject { ["jobid"] = job.Id };
        // Only commands that create answer with an id (ApiServer.queueCommand).
        if (instanceId is not null && command.StartsWith("create", StringComparison.Ordinal))
        {
            answer["id"] = instanceId;
        }

        return answer;
    }
}
