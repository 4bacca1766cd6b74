using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>
/// Asked about every request to a function that a key has opened, before the function runs. An app registers one when its keys are not all alike:
/// the public host knows keys, but no roles.
/// </summary>
public interface IRequestGate
{
    /// <param name="context">With the key's name as <c>User.Identity.Name</c>; the gate may add claims.</param>
    /// <param name="function">Name of the function, as its [Function] says; null for the host's own routes.</param>
    /// <returns>Null lets the request through.</returns>
    RequestRefusal? Refuses(HttpContext context, string? function);
}

/// <summary>Why a request goes no farther.</summary>
/// <param name="Status">An HTTP status such as 403.</param>
/// <param name="Code">Stable, machine-readable.</param>
/// <param name="Remedy">What the caller can do.</param>
public sealed record RequestRefusal(int Status, string Code, string Detail, string Remedy);
