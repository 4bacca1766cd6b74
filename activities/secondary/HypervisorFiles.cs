namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>What NFSSR and FileSR make in an SR's folder: disks by their uuid, and the SR's own small files.</summary>
internal static class HypervisorFiles
{
    public static bool IsTheirs(string file) =>
        file == "filelog.txt" || (Guid.TryParse(Path.GetFileNameWithoutExtension(file), out _) && Path.GetExtension(file) is ".vhd" or ".raw" or ".cbtlog");
}
