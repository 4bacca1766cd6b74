namespace SnapshotWorkflows.Durable.Host;

/// <summary>Exit codes of the process, as in BSD's sysexits.h, so that a service manager can tell "do not restart" from "try again".</summary>
public static class HostExitCodes
{
    public const int Success = 0;

    /// <summary>The command line was not understood.</summary>
    public const int Usage = 64;

    /// <summary>Something that the host needs is in use or not there now, such as the port or the task hub.</summary>
    public const int Unavailable = 69;

    /// <summary>A fault of the program.</summary>
    public const int Software = 70;

    /// <summary>A setting is missing or wrong; starting again without a change is pointless.</summary>
    public const int Configuration = 78;
}
