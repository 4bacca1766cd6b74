using System.Text;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>The document says what the functions do: every route is there, and every body has the members that its reader knows.</summary>
public sealed class OpenApiTests
{
    private static readonly JsonObject s_document = OpenApiDocument.Make("api");

    [Fact]
    public void Every_route_and_verb_is_described_once()
    {
        var described = s_document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(verb => (string)verb.Value!["operationId"]!)).Order(StringComparer.Ordinal);
        Assert.Equal(OpenApiDocument.Functions().SelectMany(function => function.Verbs.Select(_ => function.Name)).Order(StringComparer.Ordinal), described);
        Assert.NotNull(s_document["paths"]!["/api/snapshots/{id}"]!["get"]);
    }

    [Fact]
    public void Every_reference_leads_somewhere()
    {
        var schemas = s_document["components"]!["schemas"]!.AsObject();
        foreach (var reference in References(s_document).Where(reference => reference.StartsWith("#/components/", StringComparison.Ordinal)))
        {
            Assert.Contains(reference["#/components/schemas/".Length..], schemas.Select(schema => schema.Key));
        }
    }

    [Fact]
    public void The_body_of_a_snapshot_has_the_members_that_are_read() => AssertMembers("CreateSnapshot", json => SnapshotBody.Parse(json));

    [Fact]
    public void The_body_of_a_policy_has_the_members_that_are_read() => AssertMembers("PutPolicy", json => PolicyBody.Parse("p", json));

    [Fact]
    public void The_body_of_a_group_has_the_members_that_are_read() => AssertMembers("SnapshotVm", json => GroupBody.Parse(json));

    [Fact]
    public void The_body_of_a_restore_has_the_members_that_are_read() => AssertMembers("RestoreSnapshot", json => RestoreBody.Parse(json));

    /// <summary>A refused member's remedy lists those that are known.</summary>
    private static void AssertMembers(string function, Action<ReadOnlyMemory<byte>> parse)
    {
        var described = ApiOperations.All.Single(operation => operation.Function == function).Body!.Select(member => member.Name).ToList();
        var refusal = Assert.Throws<BadRequestException>(() => parse(Encoding.UTF8.GetBytes("""{"noSuchMember":1}""")));
        Assert.Equal("request.unknown-member", refusal.Code);
        var known = refusal.Remedy["Known members are ".Length..].TrimEnd('.').Split(", ").Where(name => !Refused(name)).ToList();
        Assert.Equal(known.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));

        bool Refused(string name)
        {
            try
            {
                parse(Encoding.UTF8.GetBytes($$"""{"{{name}}":"x"}"""));
                return false;
            }
            catch (BadRequestException refused)
            {
                return refused.Code == "request.not-available";
            }
        }
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(pair => pair.Key == "$ref" ? [(string)pair.Value!] : References(pair.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };
}
