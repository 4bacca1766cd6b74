using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace SnapshotWorkflows.Catalog;

/// <summary>Registers the catalog.</summary>
public static class CatalogServices
{
    /// <param name="open">Opens the database; called once, at start.</param>
    public static IServiceCollection AddCatalog(this IServiceCollection services, Func<IServiceProvider, CatalogDatabase> open)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddSingleton(open)
            .AddSingleton<IdempotencyLedger>()
            .AddSingleton<IntentLedger>()
            .AddSingleton<PolicyLedger>()
            .AddSingleton<AuditTrail>()
            .AddSingleton<EventLedger>()
            .AddSingleton<UsageLedger>()
            .AddSingleton<CatalogPruning>()
            .AddSingleton<UpkeepReports>()
            .AddSingleton<ClockWatch>()
            .AddSingleton<SnapshotIndex>();
    }
}
