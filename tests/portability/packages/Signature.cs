namespace SnapshotWorkflows.Tests.Portability.Packages;

/// <summary>
/// The public packages (Microsoft.DurableTask.* 1.25, Microsoft.Azure.Functions.Worker and its Durable Task extension) cannot be restored from this project's package source.
/// This project declares what of their public surface an app is written against, member by member, by hand, from microsoft/durabletask-dotnet,
/// Azure/azure-functions-durable-extension and Azure/azure-functions-dotnet-worker. Nothing here runs.
/// </summary>
internal static class Signature
{
    public static Exception Only => new InvalidOperationException("These are signatures to compile against; nothing runs them.");
}
