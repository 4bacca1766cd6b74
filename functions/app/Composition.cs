using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CallbackSteps;
using SnapshotWorkflows.Activities.CloudStackSteps;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.App.Access;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.App.Policies;
using SnapshotWorkflows.App.Readiness;
using SnapshotWorkflows.App.Settings;
using SnapshotWorkflows.App.Starts;
using SnapshotWorkflows.App.Watchdog;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Metrics;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.App;

/// <summary>The only place that knows every room.</summary>
public static class Composition
{
    /// <summary>For its owner alone; a folder that exists keeps the mode that its owner gave it.</summary>
    /// <exception cref="HostStartupException"><c>settings.invalid</c>: there can be no folder.</exception>
    public static void MakeStateFolder(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
            else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (IOException exception) when (exception is DirectoryNotFoundException or FileNotFoundException || File.Exists(path) || Parents(path).Any(File.Exists))
        {
            throw NoFolder(AppSettings.StatePath, exception.Message);
        }
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (var parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent)) yield return parent;
    }

    private static HostStartupException NoFolder(string setting, string why) => new("settings.invalid", $"{setting} names no folder: {why}", "Name a folder of a local disk, which is made where there is none.");

    /// <summary>A file of this process's own, or a server's database that several share.</summary>
    /// <param name="mustExist">Refuses where there is none, rather than begin an empty one.</param>
    /// <exception cref="CatalogException">It cannot be opened.</exception>
    public static CatalogDatabase OpenCatalog(IConfiguration settings, string state, bool mustExist = false)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings["Catalog:ConnectionString"] is { Length: > 0 } server
            ? CatalogDatabase.OpenPostgres(server, state, mustExist)
            : new CatalogDatabase(CatalogFile(state), mustExist);
    }

    /// <summary>For the service, which begins a catalog only where it begins the hub too: an empty one beside a hub with work would run no policy, do old requests again, and know none of the things that were made.</summary>
    /// <exception cref="CatalogException"><c>catalog.lost</c>, or it cannot be opened.</exception>
    internal static CatalogDatabase OpenServed(IConfiguration settings, string state)
    {
        var hasWork = settings["Catalog:ConnectionString"] is not { Length: > 0 } && SqliteTaskHub.HasInstances(Path.Combine(state, "hub.db"));
        try
        {
            return OpenCatalog(settings, state, mustExist: hasWork);
        }
        catch (CatalogException missing) when (hasWork && missing.Code == "catalog.missing")
        {
            throw new CatalogException(
                "catalog.lost", $"There is no catalog '{CatalogFile(state)}', or an empty one, beside a task hub that has instances: policies, request keys and intents are missing.",
                "'ledger restore', then 'catalog rebuild' (docs/recovery.md). Where there is no backup of the ledger, 'catalog rebuild' alone begins a catalog that knows the copies; put the policies again.", missing);
        }
    }

    /// <summary>Where the catalog lies that is a file.</summary>
    public static string CatalogFile(string state) => Path.Combine(state, "catalog.db");

    public static void Configure(FunctionsHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var review = SettingsReview.Of(AppSettings.Read(builder));
        foreach (var warning in review.Warnings) builder.Warn(warning);
        var settings = review.Sound;
        builder.StatePath = settings[AppSettings.StatePath];
        builder.SecretsPath = settings["SnapshotWorkflows:SecretsPath"];
        var state = builder.StatePath!;
        MakeStateFolder(state);
        if (File.Exists(builder.SecretsPath)) throw NoFolder("SnapshotWorkflows:SecretsPath", $"{builder.SecretsPath} is a file");

        var services = builder.Services;
        SettingsFaults.Add(services, review);
        services.AddSolidFire(settings.GetSection(SolidFireOptions.Section));
        services.AddXenServer(settings.GetSection(XenServerOptions.Section));
        services.AddCloudStack(settings.GetSection(CloudStackOptions.Section));
        services.AddOptions<SecondaryOptions>().Bind(settings.GetSection("Secondary")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SecondaryOptions>>(new SecondaryValidation(state));
        services.AddSingleton<StoreInstruments>();
        services.AddSingleton(provider => new SecondaryDestinations(
            provider.GetRequiredService<IOptions<SecondaryOptions>>().Value,
            time: provider.GetRequiredService<TimeProvider>(),
            instruments: provider.GetRequiredService<StoreInstruments>()));
        services.AddCatalog(_ => OpenServed(settings, state));
        services.AddProduct(settings);
        services.AddReadiness();
        services.AddOptions<AdmissionOptions>().Bind(settings.GetSection("Admission")).ValidateAnnotations().ValidateOnStart();
        services.AddHostedService<AdmissionSettings>();
        services.AddSingleton<ITerminateGuard, SnapshotTerminateGuard>();
        services.AddSingleton<IRepeatGuard, WorkRepeatGuard>();
        services.AddSingleton<IStartGuard, WorkStartGuard>();
        services.AddSingleton<IEntityGuard, AdmissionGuard>();
        services.AddSingleton<IUnavailability, CatalogUnavailability>();
        services.AddOptions<AccessOptions>().Bind(settings.GetSection(AccessOptions.Section)).ValidateOnStart();
        services.AddOptions<CatalogAgeOptions>().Bind(settings.GetSection(CatalogAgeOptions.Section)).ValidateAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessValidation>();
        services.AddSingleton<IRequestGate, RoleGate>();
        services.AddSingleton<RolesWithoutKey>();
        services.AddSingleton<IRequestWitness>(provider => new HostTrail(provider.GetRequiredService<AuditTrail>, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<HostTrail>>()));

        builder.UseFunctions(typeof(SnapshotTriggers).Assembly);
        builder.UseDurableTask(
            RegisterTasks,
            (provider, options) => options.StorageProviderType == "postgres"
                ? SharedHub(provider, settings, options)
                : new SqliteTaskHub(Path.Combine(state, "hub.db"), provider.GetRequiredService<TimeProvider>()),
            options =>
            {
                // An instance that fails because its code changed would leave behind what it holds: it is kept, visibly, until the code fits again.
                options.OnNonDeterminism = NonDeterminismAction.Suspend;

                // The code's own, whatever host.json says: orchestrators ask for it.
                options.DefaultVersion = WorkflowVersions.Current;
            });
    }

    /// <summary>Nodes that share a hub move each other's instances on: with catalogs of their own, each would know a part of the intents, and take the rest for leaks.</summary>
    private static PostgresTaskHub SharedHub(IServiceProvider provider, IConfiguration settings, DurableTaskHostOptions options) => settings["Catalog:ConnectionString"] is { Length: > 0 }
        ? new PostgresTaskHub(
            new PostgresHubOptions { ConnectionString = options.ConnectionString!, HubName = options.HubName },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PostgresTaskHub>>())
        : throw new HostStartupException(
            "catalog.not-shared", "The task hub is on PostgreSQL, where several nodes share it, and the catalog would be a file of this process.",
            "Set Catalog:ConnectionString, the same for every node.");

    /// <summary>What the steps need besides clients, stores and catalog.</summary>
    public static IServiceCollection AddProduct(this IServiceCollection services, IConfiguration settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        services.AddOptions<InstallationOptions>().Bind(settings.GetSection("SnapshotWorkflows")).ValidateAnnotations().ValidateOnStart();
        services.AddOptions<CopyOptions>().Bind(settings.GetSection("Copy")).ValidateAnnotations().ValidateOnStart();
        services.AddOptions<QuiesceHookOptions>().Bind(settings.GetSection("Quiesce:Hook"))
            .Validate(options => options.TimeToLive >= QuiesceHookOptions.ShortestTimeToLive && options.TimeToLive <= QuiesceHookOptions.LongestTimeToLive, "Quiesce:Hook:TimeToLive must be from 2 to 9 seconds: a guest has to run again within 10.")
            .Validate(options => options.Token.All(letter => letter is >= ' ' and < '\x7f'), "Quiesce:Hook:Token stands in a header: letters of ASCII alone, and no line end.")
            .Validate(options => options.CallTimeout > TimeSpan.Zero && options.CallTimeout <= TimeSpan.FromHours(1), "Quiesce:Hook:CallTimeout must be more than nothing and at most 01:00:00.")
            .Validate(options => options.ThawTimeout > TimeSpan.Zero && options.ThawTimeout <= TimeSpan.FromHours(1), "Quiesce:Hook:ThawTimeout must be more than nothing and at most 01:00:00.")
            .Validate(options => options.Url.Length == 0 || (Uri.TryCreate(options.Url.Replace("{vmId}", "x", StringComparison.Ordinal), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"), "Quiesce:Hook:Url must be an absolute http or https address; {vmId} in it stands for the machine.")
            .ValidateOnStart();
        services.AddPause(settings);
        services.AddOptions<WebhookOptions>().Bind(settings.GetSection("CloudStack:Webhook"));
        services.AddOptions<QuiescingOptions>().Bind(settings.GetSection("Quiesce:Hook"));
        services.AddOptions<DestinationNames>().Bind(settings.GetSection("Secondary"));
        services.AddOptions<CallbackOptions>().Bind(settings.GetSection("Callbacks"))
            .Validate(options => options.Allowed.All(CallbackOptions.CanBeAllowed), "Callbacks:Allowed takes absolute http or https addresses, without user, query and fragment.")
            .Validate(options => options.CallTimeout > TimeSpan.Zero && options.CallTimeout <= TimeSpan.FromHours(1), "Callbacks:CallTimeout must be more than nothing and at most 01:00:00.")
            .ValidateOnStart();
        services.AddHttpClient(nameof(CallbackSender), http => http.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
            .RemoveAllLoggers();
        services.TryAddSingleton(provider => new CallbackSender(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(nameof(CallbackSender)),
            provider.GetRequiredService<IOptions<CallbackOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddOptions<UpkeepOptions>().Bind(settings.GetSection("Upkeep")).ValidateAnnotations().ValidateOnStart();
        services.AddSingleton<Marker>();
        services.AddSingleton<PolicySelection>();
        services.AddSingleton<IVolumeSelection, CloudVolumeSelection>();
        services.AddSingleton<StreamFormat, VhdStreamFormat>();
        services.AddSingleton<StreamFormat, ChunksStreamFormat>();
        services.AddSingleton<StreamFormats>();
        services.AddSingleton<WorkInstances>();
        // CloudStack waits by a clock of its own.
        services.AddSingleton(provider => new EventIntake(provider.GetRequiredService<EventLedger>(), TimeProvider.System, provider.GetRequiredService<ILogger<EventIntake>>()));
        services.AddSingleton<SnapshotReader>();
        services.AddSingleton<IExceptionPropertiesProvider, StepFaultProperties>();
        services.AddHttpClient(nameof(QuiesceHook), http => http.Timeout = Timeout.InfiniteTimeSpan).RemoveAllLoggers();
        services.TryAddSingleton(provider => new QuiesceHook(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(nameof(QuiesceHook)),
            provider.GetRequiredService<IOptions<QuiesceHookOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Every orchestrator and every activity.</summary>
    public static void RegisterTasks(DurableTaskRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.AddAllFrom(typeof(SnapshotVolume).Assembly).AddAllFrom(typeof(StepActivity<,>).Assembly);
    }
}
