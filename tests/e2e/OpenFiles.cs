namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Which files a process has open, told by the kernel.</summary>
internal static class OpenFiles
{
    /// <summary>Whether one is open whose path ends so.</summary>
    public static bool Has(int process, string ending)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process}/fd").Any(descriptor => Target(descriptor)?.EndsWith(ending, StringComparison.Ordinal) == true);
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static string? Target(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName;
        }
        catch (IOException)
        {
            // Closed meanwhile.
            return null;
        }
    }
}
