using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Initiators as objects of their own. One is in as many access groups as the limit says: one.</summary>
internal sealed class InitiatorCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("CreateInitiators", "volumes", Create, since: "9.0");
        table.Write("ModifyInitiators", "volumes", Modify, since: "9.0");
        table.Write("DeleteInitiators", "volumes", Delete, since: "9.0");
        table.Read("ListInitiators", List, since: "9.0");
    }

    /// <summary>An initiator by name or id.</summary>
    public static Initiator Known(Cluster cluster, JsonNode node) => Find(cluster, node)
        ?? throw new ApiError("xInitiatorDoesNotExist", $"Initiator {node} does not exist");

    /// <summary>Initiators of a list that names them: a name that is not known becomes one, an id has to exist.</summary>
    public static IReadOnlyList<(Initiator? Known, string Name)> Named(Cluster cluster, IEnumerable<JsonNode> given) =>
        [.. given.Select(node => Find(cluster, node) is { } known
            ? (known, known.Name)
            : node.GetValueKind() == JsonValueKind.String && !long.TryParse(node.GetValue<string>(), NumberStyles.None, CultureInfo.InvariantCulture, out _)
                ? ((Initiator?)null, node.GetValue<string>())
                : throw new ApiError("xInitiatorDoesNotExist", $"Initiator {node} does not exist"))];

    public static Initiator Add(Cluster cluster, string name)
    {
        var initiator = new Initiator { Id = ++cluster.Ids.Initiator, Name = name };
        cluster.Initiators.Add(initiator.Id, initiator);
        return initiator;
    }

    private static Initiator? Find(Cluster cluster, JsonNode node)
    {
        var text = node.ToString();
        return cluster.FindInitiator(text)
            ?? (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? cluster.Initiators.GetValueOrDefault(id) : null);
    }

    private JsonObject Create(CallParameters parameters)
    {
        var given = Elements(parameters);
        var names = given.Select(element => Name(element.RequiredText("name"))).ToList();
        if (names.Find(name => cluster.FindInitiator(name) is not null) is { } taken)
        {
            throw new ApiError("xInitiatorExists", $"Initiator {taken} already exists");
        }

        if (names.Distinct(StringComparer.OrdinalIgnoreCase).Count() != names.Count)
        {
            throw ApiError.InvalidParameter("An initiator is named twice");
        }

        var changes = given.Select(Read).ToList();
        var made = names.Select(name => Add(cluster, name)).ToList();
        for (var i = 0; i < made.Count; i++)
        {
            Apply(changes[i], made[i]);
        }

        return Wrap(made);
    }

    private JsonObject Modify(CallParameters parameters)
    {
        var given = Elements(parameters);
        var found = given.Select(element => cluster.Initiators.GetValueOrDefault(element.RequiredInteger("initiatorID")) ?? throw ApiError.Unknown("Initiator", element.RequiredInteger("initiatorID"))).ToList();
        var changes = given.Select(Read).ToList();
        for (var i = 0; i < found.Count; i++)
        {
            Apply(changes[i], found[i]);
        }

        cluster.EndSessionsWithoutAccess();
        return Wrap(found);
    }

    private JsonObject Delete(CallParameters parameters)
    {
        var doomed = (parameters.Elements("initiators") ?? throw ApiError.MissingParameter("initiators")).Select(node => Known(cluster, node)).ToList();
        foreach (var initiator in doomed)
        {
            cluster.Initiators.Remove(initiator.Id);
            foreach (var group in cluster.AccessGroups.Values)
            {
                group.Initiators.RemoveAll(name => name.Equals(initiator.Name, StringComparison.OrdinalIgnoreCase));
            }
        }

        cluster.EndSessionsWithoutAccess();
        return [];
    }

    private JsonObject List(CallParameters parameters)
    {
        var start = parameters.Identifier("startInitiatorID");
        var limit = parameters.Identifier("limit") ?? int.MaxValue;
        var only = parameters.Integers("initiators");
        if (start is not null && only is { Count: > 0 })
        {
            throw ApiError.InvalidParameter("initiators and startInitiatorID exclude each other");
        }

        return Wrap(cluster.Initiators.Values
            .Where(initiator => initiator.Id >= (start ?? 0) && (only is not { Count: > 0 } || only.Contains(initiator.Id)))
            .Take((int)Math.Min(limit, int.MaxValue)));
    }

    private AccessGroup? Group(CallParameters element)
    {
        if (element.Identifier("volumeAccessGroupID") is not { } id)
        {
            return null;
        }

        var group = cluster.AccessGroup(id);
        return group.Initiators.Count < cluster.Options.Limits.InitiatorsPerAccessGroup
            ? group
            : throw ApiError.LimitExceeded($"Exceeded max number of initiators per volumeAccessGroup. volumeAccessGroupID={id} limit={cluster.Options.Limits.InitiatorsPerAccessGroup}");
    }

    private Change Read(CallParameters element) => new(element.Text("alias"), ObjectAttributes.Read(element), element.Flag("requireChap"), Group(element));

    private void Apply(Change change, Initiator initiator)
    {
        var group = change.Group;
        initiator.Alias = change.Alias ?? initiator.Alias;
        initiator.Attributes = change.Attributes ?? initiator.Attributes;
        initiator.RequireChap = change.RequireChap ?? initiator.RequireChap;
        if (group is null || group.HasInitiator(initiator.Name))
        {
            return;
        }

        // One group at most: naming another moves it.
        foreach (var other in cluster.AccessGroups.Values)
        {
            other.Initiators.RemoveAll(name => name.Equals(initiator.Name, StringComparison.OrdinalIgnoreCase));
        }

        group.Initiators.Add(initiator.Name);
    }

    private static string Name(string name) => name.Length is >= 1 and <= 224 ? name : throw ApiError.InvalidParameter("Initiator names have 1 to 224 characters");

    private static List<CallParameters> Elements(CallParameters parameters) => (parameters.Elements("initiators") ?? throw ApiError.MissingParameter("initiators"))
        .Select(node => new CallParameters(node as JsonObject ?? throw ApiError.InvalidParameterType("initiators"))).ToList();

    private JsonObject Wrap(IEnumerable<Initiator> initiators) => new() { ["initiators"] = Json.Array(initiators.Select(cluster.Describe)) };

    /// <summary>What one element asks for, read as a whole before any initiator is touched; null: as it is.</summary>
    private sealed record Change(string? Alias, JsonObject? Attributes, bool? RequireChap, AccessGroup? Group);
}
