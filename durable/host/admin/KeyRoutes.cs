using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Durable.Host.Keys;
using SnapshotWorkflows.Durable.Host.Management;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Admin;

/// <summary>
/// The key routes of a Functions host, for the master key: <c>/admin/host/{keys|functionkeys|systemkeys}[/{name}]</c> and
/// <c>/admin/functions/{function}/keys[/{name}]</c>. GET reads, POST makes or rotates with a random value, PUT takes {name, value} from the body, DELETE deletes.
/// Source: Azure/azure-functions-host, src/WebJobs.Script.WebHost/Controllers/KeysController.cs.
/// </summary>
internal sealed class KeyRoutes(KeyRing keys)
{
    /// <summary>The name by which the host's API calls the master key.</summary>
    private const string MasterName = "_master";

    private const int LongestName = 128;
    private const int LongestValue = 256;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var routes = new KeyRoutes(endpoints.ServiceProvider.GetRequiredService<KeyRing>());
        foreach (var collection in new[] { "/admin/host/{scope:regex(^(keys|functionkeys|systemkeys)$)}", "/admin/functions/{function}/keys" })
        {
            Mark(endpoints.MapGet(collection, routes.ListAsync));
            Mark(endpoints.MapGet($"{collection}/{{name}}", routes.GetAsync));
            Mark(endpoints.MapPost($"{collection}/{{name}}", routes.RotateAsync));
            Mark(endpoints.MapPut($"{collection}/{{name}}", routes.SetAsync));
            Mark(endpoints.MapDelete($"{collection}/{{name}}", routes.DeleteAsync));
        }

        static void Mark(IEndpointConventionBuilder endpoint) => endpoint.WithMetadata(HostEndpoint.Instance, new KeyRequirement(AuthorizationLevel.Admin, null));
    }

    private Task ListAsync(HttpContext context)
    {
        var place = PlaceOf(context);
        return AnswerAsync(context, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (var key in KeysAt(place))
            {
                Write(writer, key);
            }

            writer.WriteEndArray();
            writer.WriteStartArray("links");
            writer.WriteStartObject();
            writer.WriteString("rel", "self");
            writer.WriteString("href", context.Request.Path.ToUriComponent());
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private Task GetAsync(HttpContext context)
    {
        var (place, name) = (PlaceOf(context), NameOf(context));
        var key = place == KeyPlace.System && IsMaster(name)
            ? keys.HostKeys().Master with { Name = MasterName }
            : KeysAt(place).FirstOrDefault(key => key.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? throw Missing(place, name);
        return AnswerAsync(context, StatusCodes.Status200OK, writer => Write(writer, key));
    }

    private Task RotateAsync(HttpContext context) => StoreAsync(context, null);

    private async Task SetAsync(HttpContext context)
    {
        RequestBody.RequireJson(context.Request);
        using var body = JsonDocument.Parse(await RequestBody.ReadTokenAsync(context.Request) ?? "null");
        var value = body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("value", out var element) && element.ValueKind == JsonValueKind.String
            ? element.GetString()!
            : throw Invalid("key.value", "The body has no member value.", "Send {\"name\": ..., \"value\": ...}, or POST to have a value made.");
        if (value.Length is < FunctionKey.LeastLength or > LongestValue || !value.All(c => c is > ' ' and < '\x7f'))
        {
            throw Invalid("key.value", $"The value has {value.Length} characters or others than printable ASCII.", $"Send {FunctionKey.LeastLength} to {LongestValue} printable ASCII characters, random ones.");
        }

        await StoreAsync(context, value);
    }

    private async Task StoreAsync(HttpContext context, string? value)
    {
        var (place, name) = (PlaceOf(context), NameOf(context));
        if (IsMaster(name))
        {
            place = place.Function is null ? KeyPlace.Master : throw Invalid("key.name", "A function has no master key.", "Use /admin/host/systemkeys/_master.");
        }
        else if (name.Length > LongestName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || name[0] == '_')
        {
            throw Invalid("key.name", "The name of the key is not allowed.", $"Use 1 to {LongestName} letters, digits, '-', '_' and '.', not starting with '_'.");
        }

        var (key, created) = await keys.SetAsync(place, name, value, context.RequestAborted);
        if (created)
        {
            context.Response.Headers.Location = context.Request.Path.ToUriComponent();
        }

        await AnswerAsync(context, created ? StatusCodes.Status201Created : StatusCodes.Status200OK, writer => Write(writer, key));
    }

    private async Task DeleteAsync(HttpContext context)
    {
        var (place, name) = (PlaceOf(context), NameOf(context));
        if (name.StartsWith('_') || (place == KeyPlace.System && name.Equals(KeyFile.DurableTaskSystemKey, StringComparison.OrdinalIgnoreCase)))
        {
            throw Invalid("key.needed", $"The host cannot do without key '{name}'.", "Rotate it instead: POST to the same address.");
        }

        if (!await keys.RemoveAsync(place, name, context.RequestAborted))
        {
            throw Missing(place, name);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private KeyPlace PlaceOf(HttpContext context)
    {
        if (context.GetRouteValue("function") is string function)
        {
            return keys.HasFunction(function) ? KeyPlace.OfFunction(function) : throw new HostProblemException(new HostProblem(
                StatusCodes.Status404NotFound, "function.unknown", $"This app has no function '{function}'.", "GET /admin/functions lists them."));
        }

        return "systemkeys".Equals(context.GetRouteValue("scope") as string, StringComparison.OrdinalIgnoreCase) ? KeyPlace.System : KeyPlace.HostFunctions;
    }

    private IReadOnlyList<FunctionKey> KeysAt(KeyPlace place) =>
        place.Function is { } function ? keys.FunctionKeys(function) : place == KeyPlace.System ? keys.HostKeys().System : keys.HostKeys().Functions;

    private static string NameOf(HttpContext context) => (string)context.GetRouteValue("name")!;

    private static bool IsMaster(string name) => name.Equals(MasterName, StringComparison.OrdinalIgnoreCase);

    private static void Write(Utf8JsonWriter writer, FunctionKey key)
    {
        writer.WriteStartObject();
        writer.WriteString("name", key.Name);
        writer.WriteString("value", key.Value);
        writer.WriteEndObject();
    }

    private static Task AnswerAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        // Keys do not belong into anyone's cache.
        context.Response.Headers.CacheControl = "no-store";
        return InstanceAnswers.WriteJsonAsync(context, status, StatusJson.Written(write));
    }

    private static HostProblemException Missing(KeyPlace place, string name) => new(new HostProblem(
        StatusCodes.Status404NotFound, "key.unknown", $"The {place} has no key '{name}'.", "GET the collection to see the names; POST to make it."));

    private static HostProblemException Invalid(string code, string detail, string remedy) =>
        new(new HostProblem(StatusCodes.Status400BadRequest, code, detail, remedy));
}
