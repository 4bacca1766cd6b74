using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.CallbackSteps;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.App;
using SnapshotWorkflows.App.Starts;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>One life of the app on a world: everything of the product, nothing of the world.</summary>
internal sealed class Life : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly CrashWorld _world;
    private readonly CrashSwitch _crash;
    private readonly bool _isMutant;
    private int _kept;

    /// <param name="register">Null registers the product's own tasks.</param>
    /// <param name="wire">Through which every call to an appliance goes; null: none.</param>
    /// <param name="pools">Those that the settings name; null: all of the world.</param>
    public Life(CrashWorld world, CrashSwitch crash, Action<DurableTaskRegistry>? register = null, string installation = "crash-test", LateWire? wire = null, string[]? pools = null)
    {
        (_world, _crash, _isMutant) = (world, crash, register is not null);
        HttpMessageHandler network = new CrashingHandler(world.Network, crash);
        if (wire is not null) network = wire.Over(network);
        var http = new HttpClient(network, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["SnapshotWorkflows:Installation"] = installation,
            ["Quiesce:Pause:HighAvailabilityIsOff"] = "true",
            ["Quiesce:Pause:Folder"] = Path.Combine(world.Folder, "watchdog"),
            ["Quiesce:Hook:Url"] = "http://hook.test",
            ["Quiesce:Hook:Token"] = CrashWorld.HookToken,
            ["Quiesce:Hook:CallTimeout"] = "01:00:00",
            ["Quiesce:Hook:ThawTimeout"] = "01:00:00",
            ["CloudStack:Webhook:Secret"] = CrashWorld.WebhookSecret,
            ["Callbacks:Secret"] = CrashWorld.CallbackSecret,
            ["Callbacks:Allowed:0"] = "http://callback.test/done",
            ["Callbacks:CallTimeout"] = "01:00:00",
        }).Build();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(world.Clock);
        services.AddLogging();
        services.AddSingleton(new SolidFireArrays([.. Arrays(world)], _ => http, world.Clock, NullLogger<SolidFireClient>.Instance));
        services.AddSingleton<IXenServerPools>(new WorldPools(network, world.Clock, pools));
        services.AddSingleton(new CloudStackClient(
            http,
            new SnapshotWorkflows.CloudStack.CloudStackOptions { Endpoint = new Uri("https://cloud.test/client/api"), ApiKey = "key", SecretKey = CrashWorld.CloudSecret, CallTimeout = TimeSpan.FromHours(1) },
            world.Clock,
            NullLogger<CloudStackClient>.Instance));
        services.AddSingleton(provider => new QuiesceHook(http, provider.GetRequiredService<IOptions<QuiesceHookOptions>>(), world.Clock));
        services.AddSingleton(_ => new SecondaryDestinations(Destinations(world), options => new CrashingStore(
            new FolderStore(new FolderStoreOptions { Name = options.Name, Path = options.Path, RequireMount = false, MinimumFreeBytes = 0 }), crash)));
        services.AddSingleton(provider => new CallbackSender(http, provider.GetRequiredService<IOptions<CallbackOptions>>(), world.Clock));
        services.AddCatalog(_ => new CrashingCatalog(Path.Combine(world.Folder, "catalog.db"), crash));
        services.AddProduct(settings);
        services.AddSingleton<SnapshotTriggers>();
        services.AddSingleton<RestoreTriggers>();
        services.AddSingleton<GroupTriggers>();
        services.AddSingleton<RevertTriggers>();
        services.AddSingleton<PolicyTick>();
        services.AddSingleton<PolicyRunTriggers>();
        services.AddSingleton<ManualRunTriggers>();
        services.AddSingleton<PolicyTriggers>();
        services.AddSingleton<DeletionTriggers>();
        services.AddSingleton<RowCheck>();
        services.AddSingleton<UpkeepTimers>();
        services.AddSingleton<Durable.Host.ITerminateGuard, SnapshotTerminateGuard>();
        services.AddSingleton<CollectionTick>();
        services.AddSingleton<CloudEventTriggers>();
        services.AddSingleton<Functions.Worker.IHttpManagementPayloadFactory, NoManagementApi>();
        services.AddSingleton<ITaskHub>(_ => new CrashingTaskHub(new SqliteTaskHub(Path.Combine(world.Folder, "hub.db"), world.Clock), crash));
        services.AddDurableTask(register ?? Composition.RegisterTasks, options =>
        {
            options.ClockDriver = new ClockDriver(() => world.Clock.NextTimer, world.Clock.AdvanceTo);
            options.IsCrash = IsCrash;
            options.DefaultVersion = Functions.Orchestrators.WorkflowVersions.Current;
            options.MaxBatchSize = 1;
            // Polls are a second apart; what is due later is a deadline or the end of a freeze, and must not come because the machine is slow.
            options.PumpPatienceHorizon = TimeSpan.FromSeconds(4);
            options.PumpLongGrace = TimeSpan.FromSeconds(10);
        }, start: false);
        _services = services.BuildServiceProvider();
    }

    /// <summary>Of the request that is posted.</summary>
    public string IdempotencyKey { get; init; } = "crash-test-1";

    public string? CallbackUrl { get; init; }

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <summary>POSTs the request (the same in every life) and runs until it has ended.</summary>
    public async Task<OrchestrationMetadata> RunAsync(CancellationToken cancellation)
    {
        var id = await PostAsync(cancellation);
        return await Get<DurableEngine>().PumpAsync(id, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (RecordedHistories.IsUpdating && !_isMutant && _crash.DiedAt is null && Interlocked.Exchange(ref _kept, 1) == 0) await RecordedHistories.KeepAsync(Get<DurableTaskClient>(), CancellationToken.None);
        await _services.DisposeAsync();
    }

    /// <summary>A crash reaches code wrapped now and then; it stays a crash.</summary>
    public static bool IsCrash(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is SimulatedCrash) return true;
        }

        return exception is AggregateException many && many.InnerExceptions.Any(IsCrash);
    }

    /// <summary>POSTs the request; the instance id.</summary>
    public Task<string> PostAsync(CancellationToken cancellation, string? idempotencyKey = null) => PostAsync(
        "/api/snapshots",
        $$"""{"volumeId":"{{_world.Volume.CloudStackId}}","quiesce":"{{_world.Options.Quiesce}}","name":"nightly"{{(_world.Options.Copy is { } copy ? $",\"copy\":\"{copy}\"" : "")}}{{(_world.Options.Format is { } format ? $",\"format\":\"{format}\"" : "")}}{{(CallbackUrl is null ? "" : $",\"callbackUrl\":\"{CallbackUrl}\"")}}}""",
        (request, client) => Get<SnapshotTriggers>().CreateAsync(request, client, cancellation),
        cancellation, idempotencyKey);

    /// <summary>POSTs a wish to restore; the instance id.</summary>
    public Task<string> PostRestoreAsync(RequestKey snapshot, string body, CancellationToken cancellation, string? idempotencyKey = null) => PostAsync(
        $"/api/snapshots/{snapshot.Uuid}/restore", body, (request, client) => Get<RestoreTriggers>().CreateAsync(request, snapshot.Uuid, client, cancellation), cancellation, idempotencyKey);

    /// <summary>POSTs a wish to take all volumes of the machine; the instance id.</summary>
    public Task<string> PostGroupAsync(CancellationToken cancellation) => PostAsync(
        $"/api/vms/{_world.Volume.CloudStackVmId}/snapshots", $$"""{"quiesce":"{{_world.Options.Quiesce}}","name":"nightly"}""",
        (request, client) => Get<GroupTriggers>().CreateAsync(request, _world.Volume.CloudStackVmId, client, cancellation), cancellation);

    /// <summary>POSTs to a route's function, with the same idempotency key in every life; the id that its Location ends with.</summary>
    public async Task<string> PostAsync(string path, string body, Func<HttpRequest, DurableTaskClient, Task<IActionResult>> function, CancellationToken cancellation, string? idempotencyKey = null)
    {
        var (status, location, answer) = await SendAsync(path, body, function, cancellation, idempotencyKey);
        return status == 202 ? location.Split('/')[^1].Replace("-", "", StringComparison.Ordinal) : throw new InvalidOperationException($"The request was answered with {status}: {answer}");
    }

    /// <summary>The same, whatever the answer is.</summary>
    public async Task<(int Status, string Location, string Answer)> SendAsync(
        string path, string body, Func<HttpRequest, DurableTaskClient, Task<IActionResult>> function, CancellationToken cancellation, string? idempotencyKey = null)
    {
        var context = new DefaultHttpContext { RequestServices = _services };
        context.Request.Method = "POST";
        context.Request.Path = path;
        context.Request.Headers["Idempotency-Key"] = idempotencyKey ?? IdempotencyKey;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Response.Body = new MemoryStream();
        var post = function(context.Request, Get<DurableTaskClient>());
        await Get<DurableEngine>().PumpAsync(() => post.IsCompleted, cancellation);
        await (await post).ExecuteResultAsync(new ActionContext { HttpContext = context });
        await context.Response.BodyWriter.FlushAsync(cancellation);
        return (context.Response.StatusCode, context.Response.Headers.Location.ToString(), Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray()));
    }

    private static IEnumerable<SnapshotWorkflows.SolidFire.SolidFireOptions> Arrays(CrashWorld world) => (world.Other is null ? (string[])["array"] : ["array", "other"]).Select(name => new SnapshotWorkflows.SolidFire.SolidFireOptions
    {
        Name = name, Endpoint = new Uri($"https://{name}.test/json-rpc/12.5"), Username = "admin", Password = CrashWorld.ArrayPassword, CallTimeout = TimeSpan.FromHours(1), CopyQos = world.Options.CopyQos,
    });

    private static SecondaryOptions Destinations(CrashWorld world) => new()
    {
        Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = world.StorePath, Server = "nfs.test", Export = "/export", RequireMount = false, MinimumFreeBytes = 0 }],
    };

    private sealed class NoManagementApi : Functions.Worker.IHttpManagementPayloadFactory
    {
        public Functions.Worker.HttpManagementPayload Create(string instanceId) => new() { Id = instanceId };
    }
}
