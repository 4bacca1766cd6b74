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

            state.Tags.AddRange(resources.SelectMany(resource => tags.Select(tag => (resource, type, tag.Key, tag.Value))));
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
            ["accountid"] = state.DomainId,
            ["cmd"] = $"org.apache.cloudstack.api.command.user.{job.Command}",
            ["created"] = job.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture),
            ["jobid"] = job.Id,
            ["jobprocstatus"] = 0,
            ["jobresultcode"] = job.Status == 2 ? 530 : 0,
            ["jobstatus"] = job.Status,
        };
        if (job.Result is { } result)
        {
            json["jobresulttype"] = "object";
            json["jobresult"] = result.DeepClone();
            json["completed"] = job.Due.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture);
        }

        return json;
    }

    public void Step()
    {
        var now = clock.GetUtcNow();
        foreach (var job in state.Jobs.Values.Where(job => job.Status == 0 && job.Due <= now).OrderBy(job => job.Due))
        {
            job.Run();
        }
    }

    private JsonObject Start(string command, Func<JsonObject> effect)
    {
        var now = clock.GetUtcNow();
        var job = new CloudJob(Guid.NewGuid().ToString(), command, now, now + options.JobTime, effect);
        state.Jobs.Add(job.Id, job);
        return new JsonObject { ["jobid"] = job.Id };
    }
}
