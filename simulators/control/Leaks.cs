using System.Text.Json;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.Control;

/// <summary>Looks for what bears a prefix: every object of the inventory of which some text begins with it, a key of a map and a text in a list included.</summary>
internal static class Leaks
{
    /// <summary>Each object found, with the place of the inventory where it stands.</summary>
    public static IReadOnlyList<object> Find(JsonNode inventory, string prefix)
    {
        var found = new List<object>();
        Walk(inventory, "", prefix, found);
        return found;
    }

    private static void Walk(JsonNode? node, string place, string prefix, List<object> found)
    {
        switch (node)
        {
            case JsonArray elements:
                foreach (var element in elements)
                {
                    if (element is JsonObject entry && Bears(entry, prefix)) found.Add(new { place, entry });
                    else Walk(element, place, prefix, found);
                }

                break;
            case JsonObject members:
                foreach (var (name, value) in members) Walk(value, place.Length == 0 ? name : $"{place}.{name}", prefix, found);
                break;
        }
    }

    private static bool Bears(JsonNode? node, string prefix) => node switch
    {
        JsonObject members => members.Any(member => member.Key.StartsWith(prefix, StringComparison.Ordinal) || Bears(member.Value, prefix)),
        JsonArray elements => elements.Any(element => element is JsonValue && Bears(element, prefix)),
        JsonValue value => value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().StartsWith(prefix, StringComparison.Ordinal),
        _ => false,
    };
}
