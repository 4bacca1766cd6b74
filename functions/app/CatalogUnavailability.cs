using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App;

/// <summary>A catalog whose disk is full or damaged, or whose server is away, serves nobody now; what was asked for was not done.</summary>
internal sealed class CatalogUnavailability : IUnavailability
{
    public Unavailable? Find(Exception exception) => exception is CatalogException catalog ? new Unavailable(catalog.Code, "The catalog cannot be used now, so nothing was done.", $"Send the request again after a while. For the operator: {catalog.Remedy}") : null;
}
