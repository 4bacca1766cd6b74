using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    private const int PageGroups = 1000;

    /// <summary>All access groups.</summary>
    public async Task<IReadOnlyList<VolumeAccessGroup>> ListVolumeAccessGroupsAsync(CancellationToken cancellation)
    {
        var groups = new List<VolumeAccessGroup>();
        while (true)
        {
            var parameters = new JsonObject { ["limit"] = PageGroups };
            if (groups.Count > 0) parameters["startVolumeAccessGroupID"] = groups.Max(group => group.VolumeAccessGroupId) + 1;
            var page = (await ReadAsync("ListVolumeAccessGroups", parameters, SolidFireJson.Default.AccessGroupsReply, cancellation)).Groups;
            groups.AddRange(page);
            if (page.Count < PageGroups) return groups;
        }
    }

    /// <summary>Creates a group. Names are not unique, and an initiator can be in one group only: list first.</summary>
    /// <returns>The new group's id.</returns>
    public async Task<long> CreateVolumeAccessGroupAsync(string name, IEnumerable<string> initiators, IEnumerable<long> volumeIds, JsonObject attributes, CancellationToken cancellation)
    {
        var reply = await WriteAsync("CreateVolumeAccessGroup", new()
        {
            ["name"] = name,
            ["initiators"] = new JsonArray([.. initiators.Select(iqn => JsonValue.Create(iqn))]),
            ["volumes"] = Ids(volumeIds),
            ["attributes"] = attributes.DeepClone(),
        }, SolidFireJson.Default.AccessGroupReply, cancellation);
        return reply.GroupId ?? reply.Group?.VolumeAccessGroupId
            ?? throw new SolidFireOutcomeUnknownException("CreateVolumeAccessGroup", SolidFireErrors.AnswerLost, "The answer names no access group.");
    }

    /// <summary>Lets a group's initiators reach volumes. One that is in already is success.</summary>
    public Task AddVolumesToVolumeAccessGroupAsync(long groupId, IReadOnlyCollection<long> volumeIds, CancellationToken cancellation) =>
        EachAsync(volumeIds, SolidFireErrors.AlreadyInVolumeAccessGroup, volumeId =>
            WriteAsync("AddVolumesToVolumeAccessGroup", new() { ["volumeAccessGroupID"] = groupId, ["volumes"] = Ids([volumeId]) }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>Takes volumes out of a group. One that is not in is success.</summary>
    public Task RemoveVolumesFromVolumeAccessGroupAsync(long groupId, IReadOnlyCollection<long> volumeIds, CancellationToken cancellation) =>
        EachAsync(volumeIds, SolidFireErrors.NotInVolumeAccessGroup, volumeId =>
            WriteAsync("RemoveVolumesFromVolumeAccessGroup", new() { ["volumeAccessGroupID"] = groupId, ["volumes"] = Ids([volumeId]) }, SolidFireJson.Default.JsonElement, cancellation));
}
