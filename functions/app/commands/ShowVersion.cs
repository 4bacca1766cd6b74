using System.Reflection;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Says which program this is: its version, with the commit that it was built from where that is known, and the version of its orchestrators, which decides what it shares with another release (docs/upgrade.md).</summary>
internal static class ShowVersion
{
    public static int Print(TextWriter to)
    {
        to.WriteLine($"SnapshotWorkflows {typeof(ShowVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}, orchestrators {WorkflowVersions.Current}");
        return HostExitCodes.Success;
    }
}
