using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Each night: forgets rows of the catalog that nothing asks for any more. On several nodes each does it, and the second finds nothing.</summary>
public sealed partial class CatalogPruningTimer(CatalogPruning pruning, IOptions<CatalogAgeOptions> options, TimeProvider time, ILogger<CatalogPruningTimer> logger)
{
    [Function("PruneCatalog")]
    public void Run([TimerTrigger("0 45 4 * * *")] TimerInfo timer)
    {
        _ = timer;
        var gone = pruning.Prune(options.Value.ToAges(), time.GetUtcNow());
        if (gone > 0) Pruned(logger, gone);
    }

    [LoggerMessage(EventId = 4402, Level = LogLevel.Information, Message = "{Rows} old rows of the catalog were forgotten")]
    private static partial void Pruned(ILogger logger, int rows);
}
