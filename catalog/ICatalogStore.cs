using System.Data.Common;

namespace SnapshotWorkflows.Catalog;

/// <summary>
/// Where the catalog's tables lie. Both kinds keep the same promise: writers come one after another, and what <see cref="Write"/> returned from is durable. Statements
/// are the common part of both dialects, with parameters as <c>@name</c>.
/// </summary>
internal interface ICatalogStore : IDisposable
{
    /// <summary>For messages: a file or a server, never a secret.</summary>
    string Place { get; }

    /// <summary>Where copies are made, one after another: what a process that died has left there goes with the next.</summary>
    string CopyPath { get; }

    /// <summary>What time it is where the tables lie; null where that is this machine.</summary>
    DateTimeOffset? Now(DbConnection connection, DbTransaction transaction);

    /// <summary>After rows with ids of their own were put in: those that come get higher ones.</summary>
    void Settle(DbConnection connection, DbTransaction transaction);

    T Read<T>(Func<DbConnection, T> read);

    T Write<T>(Func<DbConnection, DbTransaction, T> write);
}
