using System.Net;
using SnapshotWorkflows.Durable.Host.Configuration;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>host.json's <c>extensions.durableTask</c>, checked. Names and defaults are those of Durable Functions unless said otherwise.</summary>
public sealed class DurableTaskHostOptions
{
    private DurableTaskHostOptions()
    {
    }

    /// <summary>Letters and digits, a letter first, 3 to 45 of them. Default <c>TestHubName</c>.</summary>
    public required string HubName { get; init; }

    /// <summary><c>sqlite</c> (one process) or <c>postgres</c> (any number of processes).</summary>
    public required string StorageProviderType { get; init; }

    /// <summary>Name of the setting that holds the hub's connection; unused by <c>sqlite</c>, whose file lies in the state path. Shown in management URIs.</summary>
    public required string ConnectionName { get; init; }

    /// <summary>The connection string of <c>postgres</c>; holds a password. Null for <c>sqlite</c>.</summary>
    public string? ConnectionString { get; private init; }

    /// <summary>Activities that may run at the same time in this process. Default: ten for each core.</summary>
    public required int MaxConcurrentActivityFunctions { get; init; }

    /// <summary>Whether a start over HTTP may replace an instance that still runs (<c>AnyState</c>). Default: only one that has ended (<c>NonRunningStates</c>).</summary>
    public required bool OverrideRunningInstances { get; init; }

    /// <summary>Whether management URIs are built from Forwarded, X-Forwarded-Host and X-Forwarded-Proto, when a trusted proxy sends them.</summary>
    public required bool UseForwardedHost { get; init; }

    /// <summary>Where forwarded headers are believed from (<c>httpSettings.trustedProxies</c>, which only this host has). Default: this machine.</summary>
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }

    internal static DurableTaskHostOptions Read(SettingsSection section, Func<string, string?> setting)
    {
        var hubName = section.Text("hubName") ?? "TestHubName";
        if (hubName.Length is < 3 or > 45 || !char.IsAsciiLetter(hubName[0]) || !hubName.All(char.IsAsciiLetterOrDigit))
        {
            throw section.Invalid("hubName", hubName, "3 to 45 letters and digits, a letter first");
        }

        var (type, connectionName, connection) = ReadStorage(section.Section("storageProvider"), setting);
        var (forwarded, proxies) = ReadHttp(section.Section("httpSettings"));
        var overridable = section.Text("overridableExistingInstanceStates") ?? "NonRunningStates";
        if (overridable is not ("NonRunningStates" or "AnyState"))
        {
            throw section.Invalid("overridableExistingInstanceStates", overridable, "NonRunningStates or AnyState");
        }

        var perCore = 10 * Environment.ProcessorCount;
        var options = new DurableTaskHostOptions
        {
            HubName = hubName,
            StorageProviderType = type,
            ConnectionName = connectionName,
            ConnectionString = connection,
            MaxConcurrentActivityFunctions = section.Integer("maxConcurrentActivityFunctions", perCore, 1, 100_000),
            OverrideRunningInstances = overridable == "AnyState",
            UseForwardedHost = forwarded,
            TrustedProxies = proxies,
        };

        // Checked all the same; but turns run one after another on one logical thread, and the engine counts no actions.
        _ = section.Integer("maxConcurrentOrchestratorFunctions", perCore, 1, 100_000);
        _ = section.Integer("maxOrchestrationActions", 100_000, 1, int.MaxValue);
        section.WithoutEffect(
            "maxConcurrentOrchestratorFunctions", "maxOrchestrationActions", "defaultVersion", "versionMatchStrategy", "versionFailureStrategy", "maxConcurrentEntityFunctions",
            "extendedSessionsEnabled", "extendedSessionIdleTimeoutInSeconds", "maxEntityOperationBatchSize", "entityMessageReorderWindowInMinutes",
            "rollbackEntityOperationsOnExceptions", "storeInputsInOrchestrationHistory", "useAppLease", "useGracefulShutdown", "localRpcEndpointEnabled",
            "tracing", "notifications", "maxGrpcMessageSizeInBytes", "grpcHttpClientTimeout");
        section.RefuseUnknown();
        return options;
    }

    private static (string Type, string ConnectionName, string? Connection) ReadStorage(SettingsSection storage, Func<string, string?> setting)
    {
        var type = storage.Text("type") ?? "sqlite";
        var name = storage.Text("connectionName") ?? storage.Text("connectionStringName") ?? "Storage";
        storage.WithoutEffect(
            "partitionCount", "controlQueueBatchSize", "controlQueueBufferThreshold", "controlQueueVisibilityTimeout",
            "workItemQueueVisibilityTimeout", "maxQueuePollingInterval", "fetchLargeMessagesAutomatically");
        storage.RefuseUnknown();
        if (type.Equals("sqlite", StringComparison.OrdinalIgnoreCase))
        {
            return ("sqlite", name, null);
        }

        if (!type.Equals("postgres", StringComparison.OrdinalIgnoreCase))
        {
            throw storage.Invalid("type", type, "'sqlite' (one process, a file in the state path) or 'postgres' (any number of processes)");
        }

        return (setting($"ConnectionStrings:{name}") ?? setting(name)) is { Length: > 0 } connection
            ? ("postgres", name, connection)
            : throw storage.Invalid("connectionName", name, "the name of a setting that holds the connection string of PostgreSQL, and there is no such setting");
    }

    private static (bool Forwarded, IReadOnlyList<IPNetwork> Proxies) ReadHttp(SettingsSection http)
    {
        var forwarded = http.Boolean("useForwardedHost", otherwise: false);
        var proxies = new List<IPNetwork>();
        foreach (var text in http.List("trustedProxies"))
        {
            proxies.Add(IPNetwork.TryParse(text, out var network) ? network
                : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
                : throw http.Invalid("trustedProxies", text, "addresses or networks such as 10.0.0.5 or 10.0.0.0/24"));
        }

        http.WithoutEffect("defaultAsyncRequestSleepTimeMilliseconds");
        http.RefuseUnknown();
        return (forwarded, proxies.Count > 0 ? proxies : [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")]);
    }
}
