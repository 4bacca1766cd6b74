using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The API as an OpenAPI 3.1 document: verbs and routes from the functions, answers from the types that are written, words from <see cref="ApiOperations"/>.</summary>
internal static partial class OpenApiDocument
{
    private const string Problem = "#/components/schemas/Problem";

    /// <exception cref="InvalidOperationException">A function has no words, or words are of no function.</exception>
    public static JsonObject Make(string routePrefix)
    {
        var functions = Functions().ToDictionary(function => function.Name, StringComparer.Ordinal);
        var undescribed = functions.Keys.Except(ApiOperations.All.Select(operation => operation.Function)).ToList();
        if (undescribed.Count > 0) throw new InvalidOperationException($"No words in ApiOperations for {string.Join(", ", undescribed)}.");
        var schemas = new JsonObject { ["Problem"] = ProblemSchema() };
        var paths = new JsonObject();
        foreach (var operation in ApiOperations.All)
        {
            var (_, verbs, route) = functions.GetValueOrDefault(operation.Function) ?? throw new InvalidOperationException($"There is no function {operation.Function}.");
            var path = $"/{routePrefix}/{Constraint().Replace(route, "{$1}")}";
            if (paths[path] is not JsonObject item) paths[path] = item = [];
            foreach (var verb in verbs) item[verb] = Describe(operation, path, schemas);
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "SnapshotWorkflows",
                ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version?.ToString(3) ?? "1.0.0",
                ["description"] = "Snapshots of CloudStack volumes on managed storage, as verified copies on secondary storage.",
            },
            ["security"] = new JsonArray(new JsonObject { ["header"] = new JsonArray() }, new JsonObject { ["query"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject
                {
                    ["header"] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = "x-functions-key" },
                    ["query"] = new JsonObject { ["type"] = "apiKey", ["in"] = "query", ["name"] = "code" },
                },
            },
        };
    }

    /// <summary>Every HTTP function of this room.</summary>
    public static IEnumerable<DescribedFunction> Functions() =>
        from method in typeof(OpenApiDocument).Assembly.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        let trigger = method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).FirstOrDefault(found => found is not null)
        where trigger is not null
        select new DescribedFunction(function.Name, trigger.Methods ?? [], trigger.Route ?? function.Name);

    private static JsonObject Describe(ApiOperation operation, string path, JsonObject schemas)
    {
        var parameters = new JsonArray();
        foreach (Match name in Placeholder().Matches(path)) parameters.Add(Parameter(new ApiParameter(name.Groups[1].Value, ApiSchemas.Text, "Part of the address."), "path", required: true));
        foreach (var query in operation.Query) parameters.Add(Parameter(query, "query"));
        foreach (var header in operation.Headers) parameters.Add(Parameter(header, "header"));
        if (operation.IsKeyed)
        {
            parameters.Add(Parameter(
                new ApiParameter("Idempotency-Key", """{"type":"string","minLength":1,"maxLength":200}""", "A fresh one for every new request, the same one when it is repeated."), "header", required: true));
        }

        var described = new JsonObject { ["operationId"] = operation.Function, ["summary"] = operation.Summary };
        if (parameters.Count > 0) described["parameters"] = parameters;
        if (operation.Body is { } members) described["requestBody"] = Body(members, !operation.BodyIsOptional);
        described["responses"] = Responses(operation, schemas);
        return described;
    }

    private static JsonObject Responses(ApiOperation operation, JsonObject schemas)
    {
        var success = new JsonObject { ["description"] = ReasonPhrases.GetReasonPhrase(operation.Status) };
        if (operation.Answer is { } answer)
        {
            var name = answer.Type.Name;
            schemas[name] ??= answer.GetJsonSchemaAsNode();
            success["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = $"#/components/schemas/{name}" } } };
        }

        var responses = new JsonObject { [$"{operation.Status}"] = success };
        foreach (var status in operation.Refusals.Concat([400, 401, 403]).Concat(operation.IsKeyed ? [410] : []).Order())
        {
            responses[$"{status}"] = new JsonObject
            {
                ["description"] = ReasonPhrases.GetReasonPhrase(status),
                ["content"] = new JsonObject { ["application/problem+json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = Problem } } },
            };
        }

        return responses;
    }

    private static JsonObject Body(IReadOnlyList<ApiMember> members, bool required)
    {
        var properties = new JsonObject();
        foreach (var member in members) properties[member.Name] = Described(member.Schema, member.Meaning);
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        var needed = members.Where(member => member.Required).Select(member => (JsonNode)member.Name).ToArray();
        if (needed.Length > 0) schema["required"] = new JsonArray(needed);
        return new JsonObject { ["required"] = required, ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema } } };
    }

    private static JsonObject Parameter(ApiParameter parameter, string place, bool required = false) => new()
    {
        ["name"] = parameter.Name,
        ["in"] = place,
        ["required"] = required,
        ["description"] = parameter.Meaning,
        ["schema"] = JsonNode.Parse(parameter.Schema),
    };

    private static JsonObject Described(string schema, string meaning)
    {
        var node = JsonNode.Parse(schema)!.AsObject();
        node["description"] = meaning;
        return node;
    }

    private static JsonObject ProblemSchema() => JsonNode.Parse("""
        {"type":"object","description":"RFC 9457","required":["title","status","code","detail","remedy"],"properties":{
          "type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"instance":{"type":"string"},
          "code":{"type":"string","description":"Stable; what a program decides by."},
          "detail":{"type":"string","description":"What was wrong with this request."},
          "remedy":{"type":"string","description":"What to do about it."}}}
        """)!.AsObject();

    [GeneratedRegex(@"\{(\w+)[^}]*\}")]
    private static partial Regex Constraint();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Placeholder();
}

/// <summary>An HTTP function as its attributes tell it.</summary>
internal sealed record DescribedFunction(string Name, IReadOnlyList<string> Verbs, string Route);
