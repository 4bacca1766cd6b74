using System.Globalization;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Copies the catalog, consistent while in use, to the default destination. The name is that of its time, so a second attempt finds the first one's.</summary>
[DurableTask(StepNames.CopyLedger)]
public sealed class CopyLedger(CatalogDatabase catalog, SecondaryDestinations destinations, Marker marker, ILogger<CopyLedger> logger, IActivityExecution execution) : StepActivity<CopyLedgerInput, LedgerCopy>(execution)
{
    protected override async Task<LedgerCopy> ExecuteAsync(CopyLedgerInput input, CancellationToken cancellation)
    {
        var file = catalog.Copy();
        try
        {
            var store = destinations.Get(null).Store;
            var name = LedgerBackups.Name(marker.Installation, input.At);
            await using var content = File.OpenRead(file);
            await store.PutAsync(name, content, cancellation);
            await store.SweepAsync(name, Execution, logger, cancellation);
            return new LedgerCopy(name, content.Length);
        }
        finally
        {
            File.Delete(file);
        }
    }
}

/// <summary>Where backups of the ledger lie: <c>swf-ledger/&lt;installation&gt;/&lt;time&gt;.db</c>, beside the snapshots and never among them.</summary>
public static class LedgerBackups
{
    private const string Form = "yyyyMMdd'T'HHmmss'Z'";

    public static string Prefix(string installation) => $"swf-ledger/{installation}/";

    public static string Name(string installation, DateTimeOffset at) => $"{Prefix(installation)}{at.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture)}.db";

    /// <summary>The newest whose time can be true: a name of later than an hour from now was made by a clock that was ahead, and is older than it says. Null when there is none.</summary>
    /// <param name="names">Newest first.</param>
    public static string? Newest(IReadOnlyList<string> names, string installation, DateTimeOffset now) =>
        names.FirstOrDefault(name => string.CompareOrdinal(name, Name(installation, now.AddHours(1))) <= 0);

    /// <summary>Newest first; the listing was complete, or it throws.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(ISecondaryStore store, string installation, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        var names = new List<string>();
        await foreach (var found in store.ListAsync(Prefix(installation), cancellation))
        {
            var text = found.Name[Prefix(installation).Length..];
            if (text.EndsWith(".db", StringComparison.Ordinal) && DateTimeOffset.TryParseExact(text[..^3], Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)) names.Add(found.Name);
        }

        return [.. names.OrderDescending(StringComparer.Ordinal)];
    }
}
