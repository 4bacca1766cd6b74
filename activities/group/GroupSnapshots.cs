using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>A request's own group snapshots: by name and whole mark, never by name alone, for names are not unique.</summary>
/// <param name="array">Proven to be the cluster of the volumes that are asked for.</param>
internal sealed class GroupSnapshots(SolidFireClient array, Marker marker)
{
    public async Task<IReadOnlyList<GroupSnapshot>> OwnAsync(GroupSnapshotInput input, CancellationToken cancellation)
    {
        var name = input.Key.NameFor(Roles.Group);
        return [.. (await array.ListGroupSnapshotsAsync(cancellation)).Where(group => group.Name == name && IsOurs(group, input.Key))];
    }

    /// <summary>Whether it was asked for in that freeze.</summary>
    public static bool IsOfFreeze(GroupSnapshot group, string freeze) =>
        group.FindAttribute(Marker.FreezeName) == freeze || (group.Members.Count > 0 && group.Members.All(member => member.FindAttribute(Marker.FreezeName) == freeze));

    /// <summary>The group's mark; where a release keeps attributes with the members only, theirs.</summary>
    private bool IsOurs(GroupSnapshot group, RequestKey key) =>
        marker.IsOn(group.FindAttribute, key, Roles.Group) || (group.Members.Count > 0 && group.Members.All(member => marker.IsOn(member.FindAttribute, key, Roles.Group)));
}
