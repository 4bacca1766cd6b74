using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>GET entities[/{name}[/{key}]], POST and DELETE entities/{name}/{key}. <c>$</c> stands for the empty key.</summary>
internal sealed class EntityRoutes(DurableTaskClient client, DurableTaskRegistry registry, EntityGuards guards)
{
    private const string EmptyKey = "$";
    private const int LongestId = 256;

    /// <summary>200 with the bare state, 404 when there is none.</summary>
    public async Task GetAsync(HttpContext context, string name, string key)
    {
        var id = IdOf(name, key);
        var entity = await client.Entities.GetEntityAsync(id, includeState: true, context.RequestAborted);
        if (entity is not { IncludesState: true })
        {
            throw new HostProblemException(new HostProblem(
                StatusCodes.Status404NotFound, "entity.missing", $"Entity '{id}' has no state.", "Check name and key; a signal brings an entity about, and a deleted one is gone."));
        }

        await InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, Encoding.UTF8.GetBytes(entity.State.Value));
    }

    /// <summary>Query: <c>lastOperationTimeFrom</c>, <c>lastOperationTimeTo</c>, <c>top</c>, <c>fetchState</c> (default false).</summary>
    public async Task ListAsync(HttpContext context, string? name)
    {
        var request = context.Request;
        var size = ManagementQuery.PageSize(request);
        var query = new EntityQuery
        {
            InstanceIdStartsWith = name is null ? null : $"@{NameOf(name)}@",
            LastModifiedFrom = ManagementQuery.Time(request, "lastOperationTimeFrom"),
            LastModifiedTo = ManagementQuery.Time(request, "lastOperationTimeTo"),
            IncludeState = ManagementQuery.Flag(request, "fetchState", otherwise: false),
            PageSize = size,
        };
        var page = await ContinuationToken.FirstPageAsync(client.Entities.GetAllEntitiesAsync(query), request, size);
        ContinuationToken.Write(context.Response, page?.ContinuationToken);
        await InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, StatusJson.Written(writer =>
        {
            writer.WriteStartArray();
            foreach (var entity in page?.Values ?? [])
            {
                Write(writer, entity);
            }

            writer.WriteEndArray();
        }));
    }

    /// <summary>202 once the signal is committed. A body that is said to be JSON is the input as it is; any other is a text.</summary>
    public async Task SignalAsync(HttpContext context, string name, string key, string operation)
    {
        var id = IdOf(name, key);
        if (registry.FindEntity(id.Name) is null)
        {
            throw Invalid("entity.unknown", $"The entity '{name}' is not registered.", "Check the name; it is the class name, the one in [DurableTask] or in [Function].");
        }

        if (operation.Length == 0)
        {
            throw Invalid("query.missing", "Query parameter op is missing.", "Say which operation the entity is to do: ?op=add.");
        }

        guards.Ask(id);
        await client.Entities.SignalEntityAsync(id, operation, await InputAsync(context.Request), null, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private static async Task<object?> InputAsync(HttpRequest request)
    {
        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            if (await RequestBody.ReadTokenAsync(request) is not { } json)
            {
                return null;
            }

            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }

        using var reader = new StreamReader(request.Body, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
        return text.Length == 0 ? null : text;
    }

    private static EntityInstanceId IdOf(string name, string key)
    {
        var id = new EntityInstanceId(NameOf(name), key == EmptyKey ? "" : key);
        return id.ToString() is { Length: <= LongestId } text && !text.Any(c => c is '/' or '\\' or '#' or '?' || char.IsControl(c))
            ? id
            : throw Invalid("entity.id", "The name and key of the entity cannot be an id.", $"Use at most {LongestId - 2} characters in all without / \\ # ? and control characters.");
    }

    private static string NameOf(string name) =>
        name.Length > 0 && !name.Contains('@', StringComparison.Ordinal) ? name : throw Invalid("entity.id", "The name of an entity is not empty and has no @.", "Correct the path.");

    private static void Write(Utf8JsonWriter writer, EntityMetadata entity)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("entityId");
        writer.WriteString("name", entity.Id.Name);
        writer.WriteString("key", entity.Id.Key);
        writer.WriteEndObject();
        writer.WriteString("lastOperationTime", entity.LastModifiedTime.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
        if (entity.IncludesState)
        {
            StatusJson.WriteToken(writer, "state", entity.State.Value);
        }

        writer.WriteEndObject();
    }

    private static HostProblemException Invalid(string code, string detail, string remedy) =>
        new(new HostProblem(StatusCodes.Status400BadRequest, code, detail, remedy));
}
