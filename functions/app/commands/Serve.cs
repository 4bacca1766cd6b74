using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Runs the service until it is told to stop.</summary>
internal static class Serve
{
    public static Task<int> RunAsync(string[] args) => FunctionsHost.RunAsync(args, Composition.Configure, new HostSurroundings { Explain = Explanations.AtStart });
}
