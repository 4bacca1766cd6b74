namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>Quiesce <c>pause</c>: the hypervisor stops the machine for the moment of the array's snapshot. It flushes nothing, so what it gives is one instant of several disks, not a clean file system.</summary>
public sealed class PauseOptions
{
    /// <summary>
    /// Must be said for <c>pause</c> to be allowed: CloudStack may take a paused machine for a stopped one and start it on another host, so its high availability is off for the
    /// machines that are paused.
    /// </summary>
    public bool HighAvailabilityIsOff { get; set; }

    /// <summary>Longer, and a machine whose service died would not run again within 10 s.</summary>
    public static readonly TimeSpan LongestTimeToLive = TimeSpan.FromSeconds(9);

    /// <summary>After this time the watchdog lets the machine go on, whether the service lives or not. 2 to 9 s.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Where service and watchdog meet; <c>watchdog</c> in the state path if empty.</summary>
    public string Folder { get; set; } = "";
}
