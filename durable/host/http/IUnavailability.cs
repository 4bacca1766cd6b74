namespace SnapshotWorkflows.Durable.Host;

/// <summary>What an app's own exceptions mean to a caller, where the app cannot serve now: 503, with Retry-After. The exception's own words go to the log.</summary>
public interface IUnavailability
{
    /// <returns>Null for an exception that means something else.</returns>
    Unavailable? Find(Exception exception);
}

/// <param name="Detail">For anybody who may call: no path, no address.</param>
public sealed record Unavailable(string Code, string Detail, string Remedy);
