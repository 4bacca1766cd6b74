using System.Data.Common;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>Lets the process die before and after every commit of the catalog.</summary>
internal sealed class CrashingCatalog(string path, CrashSwitch crash) : CatalogDatabase(path)
{
    public override T Write<T>(string what, Func<DbConnection, DbTransaction, T> write)
    {
        crash.Point($"before catalog commit {what}");
        var result = base.Write(what, write);
        crash.Point($"after catalog commit {what}");
        return result;
    }
}
