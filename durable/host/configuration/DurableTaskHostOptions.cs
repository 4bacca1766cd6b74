using SnapshotWorkflows.Durable.Host.Configuration;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>host.json's <c>extensions.durableTask</c>, checked. Names and defaults are those of Durable Functions unless said otherwise.</summary>
public sealed record DurableTaskHostOptions
{
    private DurableTaskHostOptions()
    {
    }

    /// <summary>Letters and digits, a letter first, 3 to 45 of them. Default <c>TestHubName</c>.</summary>
    public required string HubName { get; init; }

    /// <summary><c>sqlite</c>, the only hub of this build.</summary>
    public required string StorageProviderType { get; init; }

    /// <summary>Name of the setting that holds the hub's connection; unused by <c>sqlite</c>, whose file lies in the state path. Shown in management URIs.</summary>
    public required string ConnectionName { get; init; }

    /// <summary>Activities that may run at the same time in this process. Default: ten for each core.</summary>
    public required int MaxConcurrentActivityFunctions { get; init; }

    /// <summary>Whether management URIs are built from X-Forwarded-Host and X-Forwarded-Proto. Set it only behind a proxy that replaces these headers.</summary>
    public required bool UseForwardedHost { get; init; }

    /// <summary>Whether a start over HTTP may replace an instance that still runs (<c>AnyState</c>). Default: only one that has ended (<c>NonRunningStates</c>).</summary>
    public required bool OverrideRunningInstances { get; init; }

    internal static DurableTaskHostOptions Read(SettingsSection section)
    {
        var hubName = section.Text("hubName") ?? "TestHubName";
        if (hubName.Length is < 3 or > 45 || !char.IsAsciiLetter(hubName[0]) || !hubName.All(char.IsAsciiLetterOrDigit))
        {
            throw section.Invalid("hubName", hubName, "3 to 45 letters and digits, a letter first");
        }

        var storage = section.Section("storageProvider");
        var type = storage.Text("type") ?? "sqlite";
        if (string.Equals(type, "postgres", StringComparison.OrdinalIgnoreCase))
        {
            throw new HostStartupException(
                "storageProvider.notAvailable",
                "host.json: extensions.durableTask.storageProvider.type is 'postgres', which is not available in this build.",
                "Set it to 'sqlite': one process, its hub in one file of the state path.");
        }

        if (!string.Equals(type, "sqlite", StringComparison.OrdinalIgnoreCase))
        {
            throw storage.Invalid("type", type, "'sqlite' or 'postgres'");
        }

        var connection = storage.Text("connectionName") ?? storage.Text("connectionStringName") ?? "Storage";
        storage.WithoutEffect(
            "partitionCount", "controlQueueBatchSize", "controlQueueBufferThreshold", "controlQueueVisibilityTimeout",
            "workItemQueueVisibilityTimeout", "maxQueuePollingInterval", "fetchLargeMessagesAutomatically");
        storage.WarnAboutUnknown();

        var http = section.Section("httpSettings");
        var forwarded = http.Boolean("useForwardedHost", otherwise: false);
        http.WithoutEffect("defaultAsyncRequestSleepTimeMilliseconds");
        http.WarnAboutUnknown();

        var overridable = section.Text("overridableExistingInstanceStates") ?? "NonRunningStates";
        if (overridable is not ("NonRunningStates" or "AnyState"))
        {
            throw section.Invalid("overridableExistingInstanceStates", overridable, "NonRunningStates or AnyState");
        }

        var perCore = 10 * Environment.ProcessorCount;
        var options = new DurableTaskHostOptions
        {
            HubName = hubName,
            StorageProviderType = "sqlite",
            ConnectionName = connection,
            MaxConcurrentActivityFunctions = section.Integer("maxConcurrentActivityFunctions", perCore, 1, 100_000),
            UseForwardedHost = forwarded,
            OverrideRunningInstances = overridable == "AnyState",
        };

        // Checked all the same; but turns run one after another on one logical thread, and the engine counts no actions.
        _ = section.Integer("maxConcurrentOrchestratorFunctions", perCore, 1, 100_000);
        _ = section.Integer("maxOrchestrationActions", 100_000, 1, int.MaxValue);
        section.WithoutEffect(
            "maxConcurrentOrchestratorFunctions", "maxOrchestrationActions", "defaultVersion", "versionMatchStrategy", "versionFailureStrategy", "maxConcurrentEntityFunctions",
            "extendedSessionsEnabled", "extendedSessionIdleTimeoutInSeconds", "maxEntityOperationBatchSize", "entityMessageReorderWindowInMinutes",
            "rollbackEntityOperationsOnExceptions", "storeInputsInOrchestrationHistory", "useAppLease", "useGracefulShutdown",
            "tracing", "notifications", "maxGrpcMessageSizeInBytes", "grpcHttpClientTimeout");
        section.WarnAboutUnknown();
        return options;
    }
}
