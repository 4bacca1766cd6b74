using System.Net;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Host.Configuration;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>host.json's <c>extensions.durableTask</c>, checked. Names and defaults are those of Durable Functions unless said otherwise.</summary>
public sealed class DurableTaskHostOptions
{
    private const string PollInterval = "defaultAsyncRequestSleepTimeMilliseconds";

    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_year = TimeSpan.FromDays(365);
    private static readonly TimeSpan s_century = TimeSpan.FromDays(36500);

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

    /// <summary>Entities that may work at the same time in this process. Default: ten for each core.</summary>
    public required int MaxConcurrentEntityFunctions { get; init; }

    /// <summary>Most operations of one entity in one commit. Default 5000.</summary>
    public required int MaxEntityOperationBatchSize { get; init; }

    /// <summary>Whether an entity's operation that throws leaves neither state nor messages behind. Default true.</summary>
    public required bool RollbackEntityOperationsOnExceptions { get; init; }

    /// <summary>The version of instances that are started without one; null for none.</summary>
    public required string? DefaultVersion { get; init; }

    /// <summary>Which versions of instances this process takes: CurrentOrOlder by default, as in the public host. Looked at only when there is a default version.</summary>
    public required VersionMatchStrategy VersionMatchStrategy { get; init; }

    /// <summary>What becomes of an instance of another version: Reject (it waits for a process that takes it) or Fail.</summary>
    public required VersionFailureStrategy VersionFailureStrategy { get; init; }

    /// <summary>Most turns in one transaction. Default 256: turns are short and share commits, so the public host's ten a core would only slow it.</summary>
    public required int MaxConcurrentOrchestratorFunctions { get; init; }

    /// <summary>Most actions of one execution. Default 100,000.</summary>
    public required int MaxOrchestrationActions { get; init; }

    /// <summary>Age since their end at which ended instances are purged with their children (<c>retention</c>, which only this host has); null keeps them for ever.</summary>
    public TimeSpan? Retention { get; private init; }

    /// <summary>The same for failed ones (<c>retentionOfFailed</c>); null: <see cref="Retention"/>.</summary>
    public TimeSpan? RetentionOfFailed { get; private init; }

    /// <summary>How often that is looked after (<c>retentionInterval</c>). Default one hour.</summary>
    public TimeSpan RetentionInterval { get; private init; } = TimeSpan.FromHours(1);

    /// <summary>Limits of single activities of this process (<c>activityLimits</c>, which only this host has).</summary>
    public IReadOnlyDictionary<string, ActivityLimit> ActivityLimits { get; private init; } = new Dictionary<string, ActivityLimit>();

    /// <summary>Wait between polls of an HTTP call whose answer was 202 without Retry-After (<c>httpSettings.defaultAsyncRequestSleepTimeMilliseconds</c>). Default 30 s.</summary>
    public TimeSpan HttpPollInterval { get; private init; } = TimeSpan.FromSeconds(30);

    /// <summary>What becomes of an instance whose history does not fit the code (<c>onNonDeterminism</c>, which only this host has); null: what the app says.</summary>
    public NonDeterminismAction? OnNonDeterminism { get; private init; }

    /// <summary>Attempts of one activity that ended with their process, after which it fails (<c>maxActivityAttempts</c>, which only this host has). Default 20.</summary>
    public int MaxActivityAttempts { get; private init; } = 20;

    /// <summary>Deaths of the process in one turn, or one operation of an entity, after which it ends (<c>maxProcessDeaths</c>, which only this host has). Default 6.</summary>
    public int MaxProcessDeaths { get; private init; } = 6;

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
        var http = section.Section("httpSettings");
        var (forwarded, proxies) = ReadHttp(http);
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
            MaxConcurrentEntityFunctions = section.Integer("maxConcurrentEntityFunctions", perCore, 1, 100_000),
            MaxEntityOperationBatchSize = section.Integer("maxEntityOperationBatchSize", 5000, 1, 1_000_000),
            RollbackEntityOperationsOnExceptions = section.Boolean("rollbackEntityOperationsOnExceptions", otherwise: true),
            DefaultVersion = section.Text("defaultVersion") is { Length: > 0 } version ? version : null,
            VersionMatchStrategy = section.Word("versionMatchStrategy", VersionMatchStrategy.CurrentOrOlder),
            VersionFailureStrategy = section.Word("versionFailureStrategy", VersionFailureStrategy.Reject),
            MaxConcurrentOrchestratorFunctions = section.Integer("maxConcurrentOrchestratorFunctions", 256, 1, 100_000),
            MaxOrchestrationActions = section.Integer("maxOrchestrationActions", 100_000, 1, int.MaxValue),
            Retention = section.Duration("retention", s_second, s_century),
            RetentionOfFailed = section.Duration("retentionOfFailed", s_second, s_century),
            RetentionInterval = section.Duration("retentionInterval", s_second, s_day) ?? TimeSpan.FromHours(1),
            ActivityLimits = ReadLimits(section.Section("activityLimits")),
            HttpPollInterval = TimeSpan.FromMilliseconds(http.Integer(PollInterval, 30_000, 1, 86_400_000)),
            OnNonDeterminism = section.Text("onNonDeterminism") is null ? null : section.Word("onNonDeterminism", NonDeterminismAction.Fail),
            MaxActivityAttempts = section.Integer("maxActivityAttempts", 20, 1, 1_000_000),
            MaxProcessDeaths = section.Integer("maxProcessDeaths", 6, 4, 1_000_000),
            OverrideRunningInstances = overridable == "AnyState",
            UseForwardedHost = forwarded,
            TrustedProxies = proxies,
        };

        http.RefuseUnknown();
        section.WithoutEffect(
            "extendedSessionsEnabled", "extendedSessionIdleTimeoutInSeconds", "entityMessageReorderWindowInMinutes",
            "storeInputsInOrchestrationHistory", "useAppLease", "useGracefulShutdown", "localRpcEndpointEnabled",
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

    /// <summary><c>{"CopyVdi": {"maxConcurrent": 2, "maxStarts": 60, "period": "01:00:00"}}</c>.</summary>
    private static Dictionary<string, ActivityLimit> ReadLimits(SettingsSection limits)
    {
        var read = new Dictionary<string, ActivityLimit>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in limits.Names)
        {
            var one = limits.Section(name);
            var concurrent = one.Text("maxConcurrent") is null ? (int?)null : one.Integer("maxConcurrent", 1, 1, 100_000);
            var starts = one.Text("maxStarts") is null ? (int?)null : one.Integer("maxStarts", 1, 1, 1_000_000);
            var period = one.Duration("period", TimeSpan.FromMilliseconds(1), s_year);
            one.RefuseUnknown();
            if (starts is null != period is null)
            {
                throw one.Invalid("maxStarts", $"{starts}", "given together with period: so many starts within that time");
            }

            if (concurrent is null && starts is null)
            {
                throw limits.Invalid(name, limits.Text(name) ?? "", "an object with maxConcurrent, or maxStarts and period, or all three");
            }

            read.Add(name, new ActivityLimit(concurrent, starts, period ?? TimeSpan.Zero));
        }

        return read;
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

        return (forwarded, proxies.Count > 0 ? proxies : [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")]);
    }
}
