namespace SnapshotWorkflows.Durable.Host;

/// <summary>Which access keys there are. An app asks that gives rights to keys by their names.</summary>
public interface IAccessKeyNames
{
    /// <summary>Of all functions, of single ones and of extensions, as they are now (a change by another process shows within seconds). The master key has no name of its own.</summary>
    IReadOnlyCollection<string> Names();
}
