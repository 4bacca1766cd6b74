using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Client;
using SnapshotWorkflows.Durable.Engine.Http;
using SnapshotWorkflows.Durable.Engine.Retention;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Engine;

public static class DurableTaskServices
{
    /// <summary>
    /// Registers the engine, its <see cref="DurableTaskClient"/> and <see cref="IActivityProgressReader"/>. A task hub must be registered too (such as UseSqliteTaskHub).
    /// May be called several times: the registrations add up.
    /// </summary>
    /// <param name="start">False: nothing runs until the engine is pumped (tests).</param>
    public static IServiceCollection AddDurableTask(
        this IServiceCollection services, Action<DurableTaskRegistry>? register = null, Action<DurableEngineOptions>? configure = null, bool start = true)
    {
        services.AddLogging();
        services.AddOptions<DurableEngineOptions>();
        services.AddMetrics();
        // One client for all instances: no cookie of one goes out with another's request. Redirects: see HttpRedirect.
        // First, so that an app's own handler counts, whenever it was given.
        services.AddHttpClient(HttpCallActivity.ClientName);
        services.Configure<HttpClientFactoryOptions>(
            HttpCallActivity.ClientName,
            client => client.HttpMessageHandlerBuilderActions.Insert(0, builder => builder.PrimaryHandler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }));
        services.TryAddSingleton(TimeProvider.System);
        if (register is not null)
            services.AddSingleton(new RegistryPart(register));
        if (configure is not null)
            services.Configure(configure);
        services.TryAddSingleton(provider =>
        {
            var registry = new DurableTaskRegistry();
            var largest = provider.GetRequiredService<IOptions<DurableEngineOptions>>().Value.MaxPayloadBytes;
            registry.AddActivity(TaskOrchestrationContextExtensionMethods.HttpActivityName, default, scope => new HttpCallActivity(
                scope.GetRequiredService<IHttpClientFactory>(), scope.GetService<IConfiguration>(), scope.GetRequiredService<IActivityExecution>(),
                scope.GetRequiredService<TimeProvider>(), largest));
            foreach (var part in provider.GetServices<RegistryPart>())
                part.Register(registry);
            return registry;
        });
        services.TryAddSingleton<DurableEngine>();
        services.TryAddSingleton<DurableTaskClient>(provider =>
            new EngineClient(provider.GetRequiredService<DurableEngine>(), provider.GetService<IHttpManagementPayloadFactory>));
        services.TryAddSingleton<IActivityProgressReader, ActivityProgressReader>();
        services.TryAddScoped<ActivityExecutionHolder>();
        services.TryAddScoped(provider => provider.GetRequiredService<ActivityExecutionHolder>().Current
            ?? throw new InvalidOperationException("IActivityExecution exists only while an activity runs: inject it into activities."));
        services.TryAddSingleton<RetentionSweep>();
        if (start)
        {
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, DurableEngineService>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RetentionSweep>());
        }
        return services;
    }

    private sealed record RegistryPart(Action<DurableTaskRegistry> Register);
}

/// <summary>Starts and stops the engine with the program, and brings the program down when the engine breaks: a service that only looks alive helps nobody.</summary>
internal sealed class DurableEngineService(DurableEngine engine) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await engine.StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await engine.StopAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => engine.Completion;
}
