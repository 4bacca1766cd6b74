using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    private const int PageInitiators = 1000;

    /// <summary>All initiators (clusters from 9.0 on).</summary>
    public async Task<IReadOnlyList<Initiator>> ListInitiatorsAsync(CancellationToken cancellation)
    {
        var initiators = new List<Initiator>();
        while (true)
        {
            var parameters = new JsonObject { ["limit"] = PageInitiators };
            if (initiators.Count > 0) parameters["startInitiatorID"] = initiators.Max(initiator => initiator.InitiatorId) + 1;
            var page = (await ReadAsync("ListInitiators", parameters, SolidFireJson.Default.InitiatorsReply, cancellation)).Initiators;
            initiators.AddRange(page);
            if (page.Count < PageInitiators) return initiators;
        }
    }

    /// <summary>Makes one initiator known, and puts it into a group where one is named. Names are unique.</summary>
    /// <exception cref="SolidFireException"><c>xInitiatorExists</c>, kind Conflict.</exception>
    public async Task<Initiator> CreateInitiatorAsync(string iqn, string? alias, long? groupId, JsonObject attributes, CancellationToken cancellation)
    {
        var initiator = new JsonObject { ["name"] = iqn, ["attributes"] = attributes.DeepClone() };
        if (alias is not null) initiator["alias"] = alias;
        if (groupId is { } group) initiator["volumeAccessGroupID"] = group;
        return One("CreateInitiators", await WriteAsync("CreateInitiators", new() { ["initiators"] = new JsonArray(initiator) }, SolidFireJson.Default.InitiatorsReply, cancellation));
    }

    /// <summary>Changes what is not null. Naming another group takes the initiator out of its own.</summary>
    public async Task<Initiator> ModifyInitiatorAsync(long initiatorId, string? alias, long? groupId, JsonObject? attributes, CancellationToken cancellation)
    {
        var initiator = new JsonObject { ["initiatorID"] = initiatorId };
        if (alias is not null) initiator["alias"] = alias;
        if (groupId is { } group) initiator["volumeAccessGroupID"] = group;
        if (attributes is not null) initiator["attributes"] = attributes.DeepClone();
        return One("ModifyInitiators", await WriteAsync("ModifyInitiators", new() { ["initiators"] = new JsonArray(initiator) }, SolidFireJson.Default.InitiatorsReply, cancellation));
    }

    /// <summary>Forgets an initiator, which leaves its groups; its sessions end. Already gone is success.</summary>
    public Task DeleteInitiatorAsync(long initiatorId, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("DeleteInitiators", new() { ["initiators"] = Ids([initiatorId]) }, SolidFireJson.Default.JsonElement, cancellation));

    private static Initiator One(string method, InitiatorsReply reply) =>
        reply.Initiators is [var one] ? one : throw new SolidFireOutcomeUnknownException(method, SolidFireErrors.AnswerLost, "The answer names no initiator.");
}
