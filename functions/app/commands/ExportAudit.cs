using System.Text.Json;
using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Writes the whole audit trail to standard output, one JSON object a line, oldest first. May run beside the service.</summary>
internal static class ExportAudit
{
    private const int Page = 1000;

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var settings = FunctionsHost.CreateBuilder(args).Configuration;
            var state = settings["SnapshotWorkflows:StatePath"] ?? throw new CatalogException("catalog.no-state", "SnapshotWorkflows:StatePath is not set.", "Set it as the service has it.");
            using var database = Composition.OpenCatalog(settings, state);
            var audit = new AuditTrail(database, TimeProvider.System);
            for (var rows = audit.List(null, 0, Page); rows.Count > 0; rows = audit.List(null, rows[^1].Id, Page))
            {
                foreach (var row in rows) Console.WriteLine(JsonSerializer.Serialize(row, JsonSerializerOptions.Web));
            }

            return 0;
        }
        catch (HostStartupException wrong)
        {
            await Console.Error.WriteLineAsync($"error {wrong.Code}: {wrong.Message} {wrong.Remedy}");
            return HostExitCodes.Configuration;
        }
        catch (CatalogException wrong)
        {
            await Console.Error.WriteLineAsync($"error {wrong.Code}: {wrong.Message} {wrong.Remedy}");
            return HostExitCodes.Configuration;
        }
    }
}
