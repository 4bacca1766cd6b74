using SnapshotWorkflows.Activities.CloudStackSteps;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.App.Policies;

/// <summary>A preview's question to CloudStack: answered within seconds, or not at all.</summary>
internal sealed class CloudVolumeSelection(PolicySelection selection, TimeProvider time) : IVolumeSelection
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    public async Task<VolumeSelection> FindAsync(PolicyVolumes volumes, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            var (found, missing) = await selection.FindAsync(volumes, linked.Token);
            return new VolumeSelection([.. found.Select(volume => new SelectedVolume(volume.Id, volume.Name, volume.Account))], missing, Unresolved: null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Unresolved($"it has not answered within {s_patience.TotalSeconds:0} s");
        }
        catch (CloudStackException refused)
        {
            return Unresolved(refused.Message);
        }
        catch (HttpRequestException away)
        {
            return Unresolved(away.HttpRequestError.ToString());
        }
    }

    private static VolumeSelection Unresolved(string why) => new(null, null, $"CloudStack could not be asked which volumes it is now: {why}. The copies below are judged by the catalog alone.");
}
