using System.Text.Json;
using System.Text.Json.Serialization;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>Puts the group's own manifest on the store, if absent: which snapshots were taken at one instant, and which of them came to nothing. The same bytes again are success.</summary>
[DurableTask(StepNames.PublishGroup)]
public sealed class PublishGroup(SecondaryDestinations destinations, IntentLedger intents, Marker marker, ILogger<PublishGroup> logger, IActivityExecution execution)
    : StepActivity<PublishGroupInput, ManifestReceipt>(execution)
{
    internal const int LongestBytes = 256 * 1024;

    protected override async Task<ManifestReceipt> ExecuteAsync(PublishGroupInput input, CancellationToken cancellation)
    {
        var name = NameOf(input.ZoneId, input.Request.Key);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(Manifest(input), GroupManifestJson.Default.GroupManifest);
        var store = destinations.Get(input.Destination).Store;
        intents.Intend(input.Request.Key, Roles.GroupManifest, "secondary", input.Destination, name);
        if (await store.PutAsync(name, bytes, cancellation) != PutOutcome.Created && !(await store.ReadAllAsync(name, LongestBytes, cancellation)).AsSpan().SequenceEqual(bytes))
            throw new StepFaultException(new StepFault("manifest.conflict", FaultKind.Conflict, $"Another manifest is published as '{name}'.", "Compare the two; a new group needs a new request."));
        await store.SweepAsync(name, Execution, logger, cancellation);
        intents.Made(input.Request.Key, Roles.GroupManifest, name);
        return new ManifestReceipt(name, name);
    }

    /// <summary>Beside the volumes' folders, under a name that is none of a volume's.</summary>
    internal static string NameOf(string zone, RequestKey key) => $"swf/{zone}/groups/{key.Uuid}.group.json";

    /// <summary>Made of history alone, so that every attempt writes the same bytes.</summary>
    private GroupManifest Manifest(PublishGroupInput input) => new(
        FormatVersion: 1, input.Request.Key.Uuid, input.Request.Name, marker.Installation, input.TakenAt, input.ZoneId, input.Account, input.Request.VmId, input.VmName, input.Consistency,
        Complete: input.Members.All(member => member.State == SnapshotState.BackedUp),
        [.. input.Members.Select(member => new GroupManifestMember(member.VolumeId, member.SnapshotId, member.Manifest, member.Failure?.Code))])
    {
        DomainId = input.DomainId,
    };
}

/// <param name="Complete">Every volume of the VM has its copy.</param>
internal sealed record GroupManifest(
    int FormatVersion, string GroupId, string? Name, string Installation, DateTimeOffset? CreatedAt, string Zone, string? Account, string VmId, string? VmName, string Consistency, bool Complete,
    IReadOnlyList<GroupManifestMember> Members)
{
    /// <summary>Uuid of the account's domain; null in manifests that are older than it.</summary>
    public string? DomainId { get; init; }
}

/// <param name="Manifest">Name of the volume's own manifest; null where it has none, and then the code tells why.</param>
internal sealed record GroupManifestMember(string VolumeId, string SnapshotId, string? Manifest, string? Failure);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(GroupManifest))]
internal sealed partial class GroupManifestJson : JsonSerializerContext;
