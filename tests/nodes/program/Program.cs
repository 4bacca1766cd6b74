using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;
using SnapshotWorkflows.Tests.Node;

// One node of a hub that several processes share: the functions host with sample orchestrators. Killed and started again by the tests of many processes.
return await FunctionsHost.RunAsync(args, builder =>
{
    var settings = builder.Configuration;
    builder.StatePath = settings["Node:StatePath"];
    builder.SecretsPath = settings["Node:SecretsPath"];
    if (settings["Hub"] is not null)
        builder.UseFunctions(typeof(Ticker));
    builder.UseDurableTask(
        registry => Samples.Register(registry, settings["Node:Version"]!),
        (services, options) => options.StorageProviderType == "sqlite"
            ? new SqliteTaskHub(Path.Combine(builder.StatePath!, "hub.db"), services.GetRequiredService<TimeProvider>())
            : new PostgresTaskHub(
                new PostgresHubOptions
                {
                    ConnectionString = options.ConnectionString!,
                    HubName = options.HubName,
                    Lease = TimeSpan.FromSeconds(5),
                    SchemaVersion = settings["Node:Schema"] is { } schema ? int.Parse(schema, CultureInfo.InvariantCulture) : null,
                },
                services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<ILogger<PostgresTaskHub>>()));
});
