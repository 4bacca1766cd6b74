using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SnapshotWorkflows.CloudStack;

public sealed partial class CloudStackClient
{
    private const int PageRows = 200;

    /// <summary>A volume of any account; null when there is none that our keys may see.</summary>
    public Task<CloudStackVolume?> FindVolumeAsync(string volumeId, CancellationToken cancellation) =>
        FindAsync("listVolumes", "volume", volumeId, CloudStackJson.Default.ListCloudStackVolume, volume => volume.Id, cancellation);

    /// <summary>All volumes of all accounts that our keys may see.</summary>
    public async Task<IReadOnlyList<CloudStackVolume>> ListVolumesAsync(CancellationToken cancellation) =>
        await ListAsync("listVolumes", "volume", new() { ["listall"] = "true" }, CloudStackJson.Default.ListCloudStackVolume, cancellation);

    /// <summary>The volumes of a virtual machine.</summary>
    public async Task<IReadOnlyList<CloudStackVolume>> ListVolumesOfAsync(string virtualMachineId, CancellationToken cancellation)
    {
        var volumes = await ListAsync("listVolumes", "volume", new() { ["listall"] = "true", ["virtualmachineid"] = virtualMachineId }, CloudStackJson.Default.ListCloudStackVolume, cancellation);
        // A filter that a server ignored must not hand us somebody else's volumes.
        return [.. volumes.Where(volume => string.Equals(volume.VirtualMachineId, virtualMachineId, StringComparison.OrdinalIgnoreCase))];
    }

    /// <summary>A virtual machine of any account; null when there is none that our keys may see.</summary>
    public Task<CloudStackVirtualMachine?> FindVirtualMachineAsync(string virtualMachineId, CancellationToken cancellation) =>
        FindAsync("listVirtualMachines", "virtualmachine", virtualMachineId, CloudStackJson.Default.ListCloudStackVirtualMachine, machine => machine.Id, cancellation);

    /// <summary>All snapshots that pass the filter.</summary>
    public async Task<IReadOnlyList<CloudStackSnapshot>> ListSnapshotsAsync(SnapshotFilter filter, CancellationToken cancellation)
    {
        var parameters = new Dictionary<string, string> { ["listall"] = "true" };
        if (filter.Id is { } id) parameters["id"] = id;
        if (filter.VolumeId is { } volume) parameters["volumeid"] = volume;
        if (filter.ZoneId is { } zone) parameters["zoneid"] = zone;
        return await ListAsync("listSnapshots", "snapshot", parameters, CloudStackJson.Default.ListCloudStackSnapshot, cancellation);
    }

    public async Task<IReadOnlyList<CloudStackZone>> ListZonesAsync(CancellationToken cancellation) =>
        await ListAsync("listZones", "zone", new(), CloudStackJson.Default.ListCloudStackZone, cancellation);

    /// <summary>Starts putting tags on resources, all of one type.</summary>
    /// <param name="resourceType">For instance <c>Snapshot</c> or <c>Volume</c>.</param>
    /// <returns>The job; see <see cref="WaitForJobAsync"/>.</returns>
    public async Task<string> CreateTagsAsync(string resourceType, IReadOnlyCollection<string> resourceIds, IReadOnlyDictionary<string, string> tags, CancellationToken cancellation)
    {
        var parameters = new Dictionary<string, string> { ["resourcetype"] = resourceType, ["resourceids"] = string.Join(',', resourceIds) };
        Put(parameters, tags);
        return await StartAsync("createTags", parameters, cancellation);
    }

    /// <summary>Starts taking tags off resources, all of one type. A tag that is not there fails the job.</summary>
    /// <returns>The job.</returns>
    public async Task<string> DeleteTagsAsync(string resourceType, IReadOnlyCollection<string> resourceIds, IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        var parameters = new Dictionary<string, string> { ["resourcetype"] = resourceType, ["resourceids"] = string.Join(',', resourceIds) };
        var index = 0;
        foreach (var key in keys) parameters[string.Create(CultureInfo.InvariantCulture, $"tags[{index++}].key")] = key;
        return await StartAsync("deleteTags", parameters, cancellation);
    }

    /// <summary>How a job stands.</summary>
    public async Task<CloudStackJob> GetJobAsync(string jobId, CancellationToken cancellation)
    {
        var reply = await ReadAsync("queryAsyncJobResult", new Dictionary<string, string> { ["jobid"] = jobId }, cancellation);
        JsonElement? result = reply.TryGetProperty("jobresult", out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        // The outer status counts; one nested in the result can disagree with it.
        var state = Number(reply, "jobstatus") switch
        {
            0 => CloudStackJobState.Pending,
            1 => CloudStackJobState.Succeeded,
            2 => CloudStackJobState.Failed,
            3 => CloudStackJobState.Cancelled,
            _ => throw new CloudStackException("queryAsyncJobResult", 0, 0, CloudStackErrorKind.Rejected, "The job's status is missing or unknown."),
        };
        var failure = state == CloudStackJobState.Failed && result is { ValueKind: JsonValueKind.Object } told ? told : (JsonElement?)null;
        return new CloudStackJob
        {
            JobId = jobId,
            State = state,
            Command = Text(reply, "cmd"),
            Result = result,
            ErrorCode = failure is { } code ? Number(code, "errorcode") ?? 0 : 0,
            ErrorText = failure is { } text ? Text(text, "errortext") : null,
        };
    }

    /// <summary>Waits, as long as the caller lets it, until a job has ended well.</summary>
    /// <exception cref="CloudStackException">The job failed or was cancelled.</exception>
    public async Task<CloudStackJob> WaitForJobAsync(string jobId, CancellationToken cancellation)
    {
        while (true)
        {
            var job = await GetJobAsync(jobId, cancellation);
            if (job.State == CloudStackJobState.Succeeded) return job;
            if (job.State != CloudStackJobState.Pending)
            {
                var text = job.ErrorText ?? $"Job {jobId} ended as {job.State}.";
                throw new CloudStackException(job.Command ?? "queryAsyncJobResult", job.ErrorCode, 0, CloudStackErrors.Classify(job.ErrorCode, text, write: true), text);
            }
            await Task.Delay(_options.JobPollInterval, _time, cancellation);
        }
    }

    private async Task<string> StartAsync(string command, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellation)
    {
        var reply = await WriteAsync(command, parameters, cancellation);
        return Text(reply, "jobid") ?? throw new CloudStackOutcomeUnknownException(command, 0, "The answer names no job.");
    }

    private static void Put(Dictionary<string, string> parameters, IReadOnlyDictionary<string, string> tags)
    {
        var index = 0;
        foreach (var (key, value) in tags)
        {
            parameters[string.Create(CultureInfo.InvariantCulture, $"tags[{index}].key")] = key;
            parameters[string.Create(CultureInfo.InvariantCulture, $"tags[{index}].value")] = value;
            index++;
        }
    }

    private async Task<T?> FindAsync<T>(string command, string member, string id, JsonTypeInfo<List<T>> type, Func<T, string> idOf, CancellationToken cancellation) where T : class
    {
        List<T> rows;
        try
        {
            var reply = await ReadAsync(command, new Dictionary<string, string> { ["id"] = id, ["listall"] = "true" }, cancellation);
            rows = Rows(command, member, reply, type);
        }
        catch (CloudStackException fault) when (fault.Kind == CloudStackErrorKind.NotFound)
        {
            return null;
        }
        // A filter that a server ignored must not hand us somebody else's volume.
        if (rows.Any(row => !string.Equals(idOf(row), id, StringComparison.OrdinalIgnoreCase)))
            throw new CloudStackException(command, 0, 0, CloudStackErrorKind.Rejected, $"Asked for {id}, the server answered with another.");
        return rows.FirstOrDefault();
    }

    /// <summary>All pages of a list. A row that goes while they are read pulls others onto the page before, so that one may be on none; one that is added only pushes some onto two.</summary>
    /// <exception cref="CloudStackException">Transient: the list ends before its count, or its count fell on the way.</exception>
    private async Task<List<T>> ListAsync<T>(string command, string member, Dictionary<string, string> parameters, JsonTypeInfo<List<T>> type, CancellationToken cancellation)
    {
        var all = new List<T>();
        int? told = null;
        for (var page = 1; ; page++)
        {
            parameters["page"] = page.ToString(CultureInfo.InvariantCulture);
            parameters["pagesize"] = PageRows.ToString(CultureInfo.InvariantCulture);
            var reply = await ReadAsync(command, parameters, cancellation);
            var rows = Rows(command, member, reply, type);
            all.AddRange(rows);
            // The count is that of all pages; a page on which nothing is tells none. Where it is not told at all, a page that is not full is the last.
            var count = Number(reply, "count");
            if (count < told) throw Short(command, $"It had {told} rows, and {count} when page {page} was read.");
            told = count ?? told;
            if (rows.Count > 0 && (told is { } wanted ? all.Count < wanted : rows.Count == PageRows)) continue;
            return told is { } promised && all.Count < promised ? throw Short(command, $"It is to have {promised} rows, and ends after {all.Count}.") : all;
        }
    }

    private static CloudStackException Short(string command, string what) =>
        new(command, 0, 0, CloudStackErrorKind.Transient, $"The list is not whole. {what}");

    private static List<T> Rows<T>(string command, string member, JsonElement reply, JsonTypeInfo<List<T>> type)
    {
        // Nothing found is an empty object, without the member.
        if (!reply.TryGetProperty(member, out var rows)) return [];
        try
        {
            return rows.Deserialize(type) ?? [];
        }
        catch (JsonException fault)
        {
            throw new CloudStackException(command, 0, 0, CloudStackErrorKind.Rejected, $"The answer could not be read ({fault.Path ?? member}).", fault);
        }
    }
}
