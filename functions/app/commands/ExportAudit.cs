using System.Text.Json;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Writes the whole audit trail to standard output, one JSON object a line, oldest first. May run beside the service.</summary>
internal static class ExportAudit
{
    private const int Page = 1000;

    public static Task<int> RunAsync(string[] args, HostSurroundings? surroundings = null) => CommandRun.DoAsync(args, surroundings, async run =>
    {
        using var database = run.OpenCatalog();
        var audit = new AuditTrail(database, TimeProvider.System);
        for (var rows = audit.List(null, 0, Page); rows.Count > 0; rows = audit.List(null, rows[^1].Id, Page))
        {
            foreach (var row in rows) await run.Output.WriteLineAsync(JsonSerializer.Serialize(row, JsonSerializerOptions.Web));
        }

        return HostExitCodes.Success;
    });
}
