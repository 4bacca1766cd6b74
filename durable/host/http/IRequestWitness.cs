using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>
/// Told of every request to the host's own routes (the management API, keys, functions run by hand) once it is answered, and of every request that no key has opened. An app registers one that keeps a trail:
/// the public host leaves that to its platform. It must not throw: the request is over.
/// </summary>
public interface IRequestWitness
{
    /// <summary>A key has opened the route, and the route has answered.</summary>
    void Answered(WitnessedRequest request);

    /// <summary>The request carried no key, one that does not open the route, or one that a gate has held back.</summary>
    void Refused(WitnessedRequest request);
}

/// <param name="Caller">Name of the key; null where none fits.</param>
/// <param name="Address">Of whoever sent it; null where the server does not tell.</param>
/// <param name="Path">Still encoded, without the query.</param>
/// <param name="Query">May hold a key, as <c>code</c>.</param>
/// <param name="Segments">Decoded, as the route took them, dots and all other spellings resolved: by them alone it is told which route it is.</param>
/// <param name="Code">Of the problem that it was answered with; <see cref="Broken"/>; null where it was done.</param>
public sealed record WitnessedRequest(string? Caller, string? Address, string Method, string Path, IReadOnlyList<string> Segments, IQueryCollection Query, string? Code)
{
    /// <summary>It broke off, or its caller had gone: whether it was done is not known.</summary>
    public const string Broken = "internal";
}
