using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Access;

/// <summary>What a request to one of the host's own routes does, in the words of the audit trail.</summary>
/// <param name="Subject">Of an instance of ours its uuid, as the API shows it.</param>
internal sealed record HostAct(string What, string Subject, string? Detail)
{
    /// <summary>Null where the request changes nothing and shows no key.</summary>
    public static HostAct? Of(WitnessedRequest request) => (string[])[.. request.Segments] switch
    {
        ["runtime", "webhooks", "durabletask", .. var path] => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? null : OnInstances(request, path),
        [var admin, .. var path] when Is(admin, "admin") => OnHost(request.Method, path),
        _ => null,
    };

    private static HostAct? OnInstances(WitnessedRequest request, string[] path) => path switch
    {
        [var kind] when Is(kind, "instances") => new HostAct(
            "instance.purge", "instances", Told(request, "createdTimeFrom", "createdTimeTo", "runtimeStatus")),
        [var kind, var id] when Is(kind, "instances") => new HostAct("instance.purge", SubjectOf(id), null),
        [var kind, var id, var verb, var name] when Is(kind, "instances") && Is(verb, "raiseEvent") => new HostAct("instance.raise", SubjectOf(id), name),
        [var kind, var id, var verb] when Is(kind, "instances") => new HostAct($"instance.{verb.ToLowerInvariant()}", SubjectOf(id), Told(request, "force", "recursive", "reason")),
        [var kind, var name] when Is(kind, "orchestrators") => new HostAct("instance.start", name, null),
        [var kind, var name, var id] when Is(kind, "orchestrators") => new HostAct("instance.start", SubjectOf(id), name),
        [var kind, var name, var key] when Is(kind, "entities") => new HostAct("entity.signal", $"@{name}@{key}", HttpMethods.IsDelete(request.Method) ? "delete" : Told(request, "op")),
        _ => null,
    };

    private static HostAct? OnHost(string method, string[] path) => path switch
    {
        [var host, var scope, ..] when Is(host, "host") && scope.EndsWith("keys", StringComparison.OrdinalIgnoreCase) => OnKey(method, scope, path[2..]),
        [var functions, var function, var keys, ..] when Is(functions, "functions") && Is(keys, "keys") => OnKey(method, function, path[3..]),
        [var functions, var function] when Is(functions, "functions") && HttpMethods.IsPost(method) => new HostAct("function.run", function, null),
        _ => null,
    };

    /// <summary>Whoever reads keys can use them, so that is told too.</summary>
    private static HostAct OnKey(string method, string place, string[] name) => new(
        HttpMethods.IsPut(method) ? "key.set" : HttpMethods.IsPost(method) ? "key.rotate" : HttpMethods.IsDelete(method) ? "key.remove" : "key.read",
        name is [var one] ? $"{place}/{one}" : place, null);

    private static string? Told(WitnessedRequest request, params string[] names)
    {
        var told = names.Where(name => request.Query[name].Count > 0).Select(name => $"{name} {request.Query[name]}").ToList();
        return told.Count == 0 ? null : string.Join(", ", told);
    }

    private static string SubjectOf(string id) => RequestKey.TryParse(id, out var key) ? key.Uuid : id;

    private static bool Is(string segment, string word) => segment.Equals(word, StringComparison.OrdinalIgnoreCase);
}
