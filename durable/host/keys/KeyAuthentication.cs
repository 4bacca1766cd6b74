using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Durable.Host.Management;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>
/// Holds each request against the key requirement of its endpoint. The matched key becomes the request's user: name = the key's name,
/// role <c>operator</c> for function, host and master keys, and the level as a claim. An app's own gates are asked last; its witnesses are told.
/// </summary>
internal sealed class KeyAuthentication(KeyRing keys, IEnumerable<IRequestGate> gates, IEnumerable<IRequestWitness> witnesses, RequestDelegate next)
{
    public const string HeaderName = "x-functions-key";
    public const string QueryName = "code";

    /// <summary>The claim type by which a Functions host tells the level of the key.</summary>
    public const string LevelClaim = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel";

    private const string Remedy = "Send a key as header x-functions-key or as query parameter code; the host keeps them in secrets/ of its state path.";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<KeyRequirement>() is not { } requirement)
        {
            await next(context);
            return;
        }

        var presented = Presented(context.Request);
        var matched = presented is null ? null : keys.Match(presented, requirement.Function);
        if (requirement.Level != AuthorizationLevel.Anonymous && (matched is null || !requirement.IsOpenedBy(matched)))
        {
            context.Response.Headers.WWWAuthenticate = $"FunctionsKey header=\"{HeaderName}\"";
            var problem = presented is null
                ? new HostProblem(StatusCodes.Status401Unauthorized, "key.missing", "This route needs an access key, and the request carries none.", Remedy)
                : new HostProblem(StatusCodes.Status401Unauthorized, "key.wrong", "The access key of the request does not open this route.", Remedy);
            await problem.WriteAsync(context);
            Refused(context, problem.Code);
            return;
        }

        if (matched is not null)
        {
            context.User = new ClaimsPrincipal(IdentityOf(matched));
            foreach (var gate in gates)
            {
                if (gate.Refuses(context, requirement.Function) is not { } refusal) continue;
                await new HostProblem(refusal.Status, refusal.Code, refusal.Detail, refusal.Remedy).WriteAsync(context);
                Refused(context, refusal.Code);
                return;
            }
        }

        if (matched is null || requirement.Function is not null)
        {
            await next(context);
            return;
        }

        await AnswerAsync(context);
    }

    /// <summary>One of the host's own routes.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        string? code = WitnessedRequest.Broken;
        try
        {
            await next(context);
            code = context.Response.StatusCode < StatusCodes.Status400BadRequest ? null : $"http.{context.Response.StatusCode}";
        }
        catch (HostProblemException refused)
        {
            code = refused.Problem.Code;
            throw;
        }
        finally
        {
            var request = Of(context, code);
            foreach (var witness in witnesses) witness.Answered(request);
        }
    }

    private void Refused(HttpContext context, string code)
    {
        var request = Of(context, code);
        foreach (var witness in witnesses) witness.Refused(request);
    }

    private static WitnessedRequest Of(HttpContext context, string? code) =>
        new(context.User.Identity?.Name, context.Connection.RemoteIpAddress?.ToString(), context.Request.Method, RawPath(context), SegmentsOf(context), context.Request.Query, code);

    /// <summary>The router goes by the decoded path without dots; the management API reads ids and names below its base as they came.</summary>
    private static string[] SegmentsOf(HttpContext context) => context.Request.Path.StartsWithSegments(ManagementUris.BasePath, StringComparison.OrdinalIgnoreCase)
        ? [.. ManagementUris.BasePath.Split('/', StringSplitOptions.RemoveEmptyEntries), .. ManagementApi.SegmentsOf(context)]
        : context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>As it came: an id or name may hold an encoded slash.</summary>
    private static string RawPath(HttpContext context)
    {
        var raw = (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").Split('?', 2)[0];
        return raw.StartsWith('/') ? raw : context.Request.Path.ToUriComponent();
    }

    private static string? Presented(HttpRequest request)
    {
        string? key = request.Headers[HeaderName];
        if (string.IsNullOrEmpty(key))
        {
            key = request.Query[QueryName];
        }

        return string.IsNullOrEmpty(key) ? null : key;
    }

    private static ClaimsIdentity IdentityOf(MatchedKey key)
    {
        var level = key.Scope switch
        {
            KeyScope.Master => AuthorizationLevel.Admin,
            KeyScope.System => AuthorizationLevel.System,
            _ => AuthorizationLevel.Function,
        };
        var identity = new ClaimsIdentity("FunctionsKey");
        identity.AddClaim(new Claim(ClaimTypes.Name, key.Name));
        identity.AddClaim(new Claim(LevelClaim, level.ToString()));
        if (key.Scope is not KeyScope.System)
        {
            identity.AddClaim(new Claim(ClaimTypes.Role, "operator"));
        }

        return identity;
    }
}
