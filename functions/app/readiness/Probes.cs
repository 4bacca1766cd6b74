using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.App.Readiness;

/// <summary>Anonymous /healthz (the process answers) and /readyz (jobs can end well, 503 otherwise; an array, pool or store that is away while others of its kind answer is named, as is a role without a key, and the answer is 200).</summary>
internal sealed class Probes(ReadinessChecks checks) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(AnswerAsync);
        next(app);
    };

    private async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await next(context);
        }
        else if (context.Request.Path == "/healthz")
        {
            await context.Response.WriteAsJsonAsync(new Health("alive"), ReadinessJson.Default.Health, cancellationToken: context.RequestAborted);
        }
        else if (context.Request.Path == "/readyz")
        {
            // What was found stays with operators: an anonymous probe learns only which system is to be mended.
            var findings = await checks.FindAsync(context.RequestAborted);
            var verdict = ReadinessVerdict.Of(findings);
            context.Response.StatusCode = verdict.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            await context.Response.WriteAsJsonAsync(
                new Readiness(verdict.Ready, verdict.Degraded, [.. findings.Select(finding => new SystemReadiness(finding.System, finding.Ready))]),
                ReadinessJson.Default.Readiness,
                cancellationToken: context.RequestAborted);
        }
        else
        {
            await next(context);
        }
    }
}

internal sealed record Health(string Status);

internal sealed record SystemReadiness(string System, bool Ready);

internal sealed record Readiness(bool Ready, bool Degraded, IReadOnlyList<SystemReadiness> Systems);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(Readiness))]
internal sealed partial class ReadinessJson : JsonSerializerContext;

/// <summary>Registers the checks, their probes, and their report at start.</summary>
internal static class ReadinessServices
{
    public static IServiceCollection AddReadiness(this IServiceCollection services) => services
        .AddSingleton<ReadinessChecks>()
        .AddSingleton<IReadiness>(provider => provider.GetRequiredService<ReadinessChecks>())
        .AddSingleton<IStartupFilter, Probes>()
        .AddHostedService<StartReport>();
}
