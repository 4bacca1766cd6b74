using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>Puts our tags on CloudStack's snapshot. CloudStack refuses a key that is there, so one of another value is taken off first; other people's tags are left alone.</summary>
[DurableTask(StepNames.TagCloudSnapshot)]
public sealed class TagCloudSnapshot(CloudStackClient cloudStack, TimeProvider time, IActivityExecution execution) : StepActivity<TagCloudSnapshotInput, bool>(execution)
{
    private const string ResourceType = "Snapshot";
    private static readonly TimeSpan s_jobPatience = TimeSpan.FromMinutes(1);

    protected override async Task<bool> ExecuteAsync(TagCloudSnapshotInput input, CancellationToken cancellation)
    {
        var found = await cloudStack.FindSnapshotAsync(input.CloudSnapshotId, cancellation);
        if (found is null) return false;
        var present = found.Tags.Where(tag => input.Tags.ContainsKey(tag.Key)).ToList();
        var stale = present.Where(tag => tag.Value != input.Tags[tag.Key]).Select(tag => tag.Key).Distinct(StringComparer.Ordinal).ToList();
        if (stale.Count > 0) await WaitAsync(await cloudStack.DeleteTagsAsync(ResourceType, [found.Id], stale, cancellation), cancellation);
        var missing = input.Tags.Where(wanted => !present.Any(tag => tag.Key == wanted.Key && tag.Value == wanted.Value)).ToDictionary(StringComparer.Ordinal);
        if (missing.Count > 0) await WaitAsync(await cloudStack.CreateTagsAsync(ResourceType, [found.Id], missing, cancellation), cancellation);
        return true;
    }

    private async Task WaitAsync(string job, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(s_jobPatience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            await cloudStack.WaitForJobAsync(job, linked.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new StepFaultException(new StepFault("cloudstack.job-slow", FaultKind.Transient, $"CloudStack's job {job} has not ended within {s_jobPatience}.", "Look at the management server's jobs."));
        }
    }
}
