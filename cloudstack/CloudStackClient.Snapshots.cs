namespace SnapshotWorkflows.CloudStack;

public sealed partial class CloudStackClient
{
    /// <summary>CloudStack's own recurring snapshots of a volume.</summary>
    public async Task<IReadOnlyList<CloudStackSnapshotPolicy>> ListSnapshotPoliciesAsync(string volumeId, CancellationToken cancellation) => await ListAsync(
        "listSnapshotPolicies", "snapshotpolicy", new() { ["volumeid"] = volumeId }, CloudStackJson.Default.ListCloudStackSnapshotPolicy, cancellation);

    /// <summary>Starts a snapshot of a volume; on managed storage it stays on the array.</summary>
    /// <param name="jobId">
    /// A uuid of the caller's own for the job: the server refuses one that was used before, so that a call repeated after a lost answer
    /// cannot take a second snapshot. Ask for the job by it.
    /// </param>
    public async Task<CloudStackSnapshotStarted> CreateSnapshotAsync(
        string volumeId, string? name, Guid jobId, IReadOnlyDictionary<string, string> tags, CancellationToken cancellation)
    {
        var parameters = new Dictionary<string, string> { ["volumeid"] = volumeId, ["customjobid"] = jobId.ToString() };
        if (name is not null) parameters["name"] = name;
        Put(parameters, tags);
        var reply = await WriteAsync("createSnapshot", parameters, cancellation);
        return new(
            Text(reply, "jobid") ?? throw new CloudStackOutcomeUnknownException("createSnapshot", 0, "The answer names no job."),
            Text(reply, "id"));
    }

    /// <summary>Starts deleting a snapshot.</summary>
    /// <returns>The job; null when there is no such snapshot (any more).</returns>
    public async Task<string?> DeleteSnapshotAsync(string snapshotId, CancellationToken cancellation)
    {
        try
        {
            return await StartAsync("deleteSnapshot", new Dictionary<string, string> { ["id"] = snapshotId }, cancellation);
        }
        catch (CloudStackException fault) when (fault.Kind == CloudStackErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Starts putting a volume back to a snapshot. Its machine must be stopped.</summary>
    /// <param name="jobId">A uuid of the caller's own for the job, as of <see cref="CreateSnapshotAsync"/>: a repeated call cannot put the volume back a second time.</param>
    /// <returns>The job.</returns>
    public Task<string> RevertSnapshotAsync(string snapshotId, Guid jobId, CancellationToken cancellation) =>
        StartAsync("revertSnapshot", new Dictionary<string, string> { ["id"] = snapshotId, ["customjobid"] = jobId.ToString() }, cancellation);
}
