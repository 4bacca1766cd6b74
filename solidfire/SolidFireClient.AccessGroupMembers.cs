using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    /// <summary>Lets initiators reach a group's volumes. One that is in already is success; one of another group is refused.</summary>
    /// <param name="iqns">Names; one that the cluster does not know yet becomes known.</param>
    public Task AddInitiatorsToVolumeAccessGroupAsync(long groupId, IReadOnlyCollection<string> iqns, CancellationToken cancellation) =>
        EachAsync(iqns, SolidFireErrors.AlreadyInVolumeAccessGroup, iqn =>
            WriteAsync("AddInitiatorsToVolumeAccessGroup", new() { ["volumeAccessGroupID"] = groupId, ["initiators"] = new JsonArray(iqn) }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>Takes initiators out of a group; their sessions to its volumes end. One that is not in is success.</summary>
    /// <param name="forget">Whether the cluster forgets initiators that are in no group any more.</param>
    public Task RemoveInitiatorsFromVolumeAccessGroupAsync(long groupId, IReadOnlyCollection<string> iqns, bool forget, CancellationToken cancellation) =>
        EachAsync(iqns, SolidFireErrors.NotInVolumeAccessGroup, iqn => WriteAsync(
            "RemoveInitiatorsFromVolumeAccessGroup",
            new() { ["volumeAccessGroupID"] = groupId, ["initiators"] = new JsonArray(iqn), ["deleteOrphanInitiators"] = forget }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>Changes a group's name or attributes; null leaves them as they are. Members are added and removed one by one, never replaced as a whole.</summary>
    /// <param name="attributes">Replaces ALL attributes.</param>
    public Task ModifyVolumeAccessGroupAsync(long groupId, string? name, JsonObject? attributes, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["volumeAccessGroupID"] = groupId };
        if (name is not null) parameters["name"] = name;
        if (attributes is not null) parameters["attributes"] = attributes.DeepClone();
        return WriteAsync("ModifyVolumeAccessGroup", parameters, SolidFireJson.Default.JsonElement, cancellation);
    }

    /// <summary>Deletes a group; sessions that only it allowed end, its volumes stay. Already gone is success.</summary>
    /// <param name="forgetInitiators">Whether the cluster forgets initiators that are in no group any more.</param>
    public Task DeleteVolumeAccessGroupAsync(long groupId, bool forgetInitiators, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync(
            "DeleteVolumeAccessGroup", new() { ["volumeAccessGroupID"] = groupId, ["deleteOrphanInitiators"] = forgetInitiators }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>One a call: with several, "already in" for one would leave it open what became of the others.</summary>
    private static async Task EachAsync<T>(IEnumerable<T> members, string done, Func<T, Task> call)
    {
        foreach (var member in members)
        {
            try
            {
                await call(member);
            }
            catch (SolidFireException fault) when (fault.ErrorName == done)
            {
                // The state asked for is the state there is.
            }
        }
    }
}
