using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Host.Configuration;
using SnapshotWorkflows.Durable.Host.Functions;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Durable.Host.Keys;
using SnapshotWorkflows.Durable.Host.Management;
using SnapshotWorkflows.Durable.Host.Metrics;
using SnapshotWorkflows.Durable.Host.Timers;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>Composes an app: its services, its functions, its orchestrations and their hub.</summary>
public sealed class FunctionsHostBuilder
{
    private readonly HostCommandLine _commandLine;
    private readonly HostSettings _settings;
    private readonly HostSurroundings _surroundings;
    private readonly WebApplicationBuilder _web;
    private readonly List<Type> _functions = [];
    private readonly List<(string Path, RequestDelegate Answer)> _anonymous = [];
    private bool _hasDurableTask;
    private FunctionCatalog? _catalog;
    private WebApplication? _built;

    internal FunctionsHostBuilder(HostCommandLine commandLine, HostSettings settings, HostSurroundings surroundings)
    {
        _commandLine = commandLine;
        _settings = settings;
        _surroundings = surroundings;
        StatePath = Path.Combine(commandLine.SettingsRoot, ".state");
        _web = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = Assembly.GetEntryAssembly()?.GetName().Name ?? "FunctionsHost",
            ContentRootPath = commandLine.SettingsRoot,
            EnvironmentName = settings.Configuration["AZURE_FUNCTIONS_ENVIRONMENT"] ?? settings.Configuration["DOTNET_ENVIRONMENT"] ?? Environments.Production,
        });
        _web.Configuration.AddConfiguration(settings.Configuration);
        Services.TryAddSingleton(surroundings.Time);
    }

    public IServiceCollection Services => _web.Services;

    /// <summary>host.json (under <c>AzureFunctionsJobHost</c>), local.settings.json and environment variables; <c>:</c> nests.</summary>
    public IConfiguration Configuration => _web.Configuration;

    /// <summary>The folder of host.json and local.settings.json, absolute.</summary>
    public string SettingsRoot => _commandLine.SettingsRoot;

    /// <summary>Where keys and timers are kept; relative to <see cref="SettingsRoot"/>. Default <c>.state</c>; null and empty leave the default.</summary>
    public string? StatePath
    {
        get;
        set
        {
            if (!string.IsNullOrEmpty(value))
            {
                field = Path.GetFullPath(value, SettingsRoot);
            }
        }
    }

    /// <summary>
    /// Where the access keys are kept; relative to <see cref="SettingsRoot"/>. Default <c>secrets</c> of the state path. Nodes behind one address share it, so
    /// that a key or a management URI of one opens the others.
    /// </summary>
    public string? SecretsPath
    {
        get => field ?? Path.Combine(StatePath!, "secrets");
        set
        {
            if (!string.IsNullOrEmpty(value))
            {
                field = Path.GetFullPath(value, SettingsRoot);
            }
        }
    }

    /// <summary>extensions.durableTask of host.json.</summary>
    public DurableTaskHostOptions DurableTask => _settings.DurableTask;

    /// <summary>Logs a warning about the settings once the logger stands.</summary>
    public FunctionsHostBuilder Warn(string warning)
    {
        _settings.Warnings.Add(warning);
        return this;
    }

    /// <summary>Finds the [Function] methods of the assemblies.</summary>
    public FunctionsHostBuilder UseFunctions(params Assembly[] assemblies)
    {
        ArgumentNullException.ThrowIfNull(assemblies);
        _functions.AddRange(assemblies.SelectMany(assembly => assembly.GetTypes()));
        return this;
    }

    /// <summary>Takes the [Function] methods of these classes only.</summary>
    public FunctionsHostBuilder UseFunctions(params Type[] classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        _functions.AddRange(classes);
        return this;
    }

    /// <summary>Answers GET at a path outside the route prefix to anyone, without a key: for probes such as <c>/healthz</c>, which must tell nothing worth keeping.</summary>
    public FunctionsHostBuilder MapAnonymous(string path, RequestDelegate answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        _anonymous.Add((path, answer));
        return this;
    }

    /// <summary>Runs orchestrations: maps the management API and provides DurableTaskClient and IActivityProgressReader as services.</summary>
    /// <param name="register">Names the orchestrators and activities; activities take their services from the app's.</param>
    /// <param name="hub">Makes the task hub that host.json asks for; the host opens and disposes it.</param>
    /// <param name="configure">Engine options that host.json has no word for.</param>
    public FunctionsHostBuilder UseDurableTask(
        Action<DurableTaskRegistry> register, Func<IServiceProvider, DurableTaskHostOptions, ITaskHub> hub, Action<DurableEngineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(register);
        ArgumentNullException.ThrowIfNull(hub);
        if (_hasDurableTask)
        {
            throw new InvalidOperationException("UseDurableTask is called once: one process runs one task hub.");
        }

        _hasDurableTask = true;
        ManagementServices.Add(
            Services,
            _settings.DurableTask,
            registry =>
            {
                register(registry);
                _catalog!.Register(registry, () => _built!.Services);
            },
            hub,
            configure);
        return this;
    }

    /// <exception cref="HostStartupException">A function, a route or a key file is wrong.</exception>
    public FunctionsApplication Build()
    {
        var catalog = _catalog = FunctionCatalog.Discover(_functions, _settings.Http, _settings.Configuration);
        if (!_hasDurableTask && catalog.IsDurable)
        {
            throw new HostStartupException(
                "function.invalid", $"Function '{catalog.Descriptions.First(function => function.Trigger is "orchestrationTrigger" or "activityTrigger" or "entityTrigger").Name}' needs a task hub, and the app has none.", "Call UseDurableTask on the builder.", HostExitCodes.Software);
        }

        AddServices(catalog);
        HostLogging.Add(_web.Logging, _settings.Configuration, _surroundings.LogToConsole);
        ConfigureServer();
        var web = _built = _web.Build();
        FunctionServices.RequireConstructible(catalog, web.Services);
        web.Services.GetRequiredService<KeyRing>().Load(catalog.Descriptions.Select(function => function.Name));
        HostPipeline.Map(web, catalog, _anonymous, _hasDurableTask);
        HostLogging.ReportStart(web.Services, _settings, catalog, StatePath!);
        return new FunctionsApplication(web);
    }

    private void AddServices(FunctionCatalog catalog)
    {
        Services.AddRouting();
        Services.AddHttpContextAccessor();

        // Result executors and formatters for IActionResult; no controllers are mapped.
        Services.AddMvcCore();
        Services.AddSingleton(catalog);
        Services.AddSingleton(_settings.Http);
        Services.AddSingleton(_settings.DurableTask);
        Services.AddSingleton<RequestThrottle>();
        Services.AddSingleton<PublicOrigin>();
        Services.AddSingleton(new KeyFile(SecretsPath!));
        Services.AddSingleton<KeyRing>();
        Services.AddSingleton<IAccessKeyNames>(provider => provider.GetRequiredService<KeyRing>());
        Services.AddSingleton<RequestTraces>();
        Services.AddSingleton<HostMetrics>();
        Services.AddSingleton(_ => new MetricsCollector(["SnapshotWorkflows", "System.Runtime"]));
        if (_hasDurableTask)
        {
            Services.AddSingleton<ITimerStore, HubTimerStore>();
        }
        else
        {
            Services.AddSingleton<ITimerStore>(new FileTimerStore(Path.Combine(StatePath!, "timers")));
        }

        Services.AddSingleton<TimerService>();
        Services.AddHostedService(provider => provider.GetRequiredService<TimerService>());
        Services.Configure<HostOptions>(options =>
        {
            options.ShutdownTimeout = TimeSpan.FromSeconds(30);
            options.ServicesStartConcurrently = false;
            options.ServicesStopConcurrently = false;
        });
    }

    private void ConfigureServer() => _web.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = HostEndpoint.MaxRequestBytes;
        kestrel.Limits.MaxConcurrentConnections = 4096;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Listen(_commandLine.Address, _commandLine.Port ?? _settings.Local.LocalHttpPort ?? 7071);
    });
}
