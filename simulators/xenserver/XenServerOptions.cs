using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>What one simulated pool is made of.</summary>
public sealed record XenServerOptions
{
    public required string PoolName { get; init; }

    /// <summary>What <see cref="ProductVersion"/> may be.</summary>
    public static IReadOnlyList<string> KnownVersions => ApiVersion.Known;

    /// <summary>
    /// <c>7.1</c> (API 2.6, relvmoiscsi installed), <c>7.6</c> (2.11), <c>8.0</c> (2.12, the last with VM.snapshot_with_quiesce), <c>8.1</c> (2.14),
    /// <c>8.2</c> (2.15), <c>8</c> (2.21) or <c>9</c> (2.23).
    /// </summary>
    public string ProductVersion { get; init; } = "8";

    /// <summary>The coordinator first, then the members.</summary>
    public required IReadOnlyList<XenServerHostOptions> Hosts { get; init; }

    public required string RootPassword { get; init; }

    /// <summary>Users besides root.</summary>
    public IReadOnlyList<XenServerUser> Users { get; init; } = [];

    public required IStorageFabric Fabric { get; init; }

    public FaultPlan Faults { get; init; } = new();

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>NFS exports: <c>server:/path</c> → the local folder that stands for it.</summary>
    public IReadOnlyDictionary<string, string> Exports { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Bytes that one VDI.copy moves in a second; null copies everything in the step that starts it.</summary>
    public long? CopyBytesPerSecond { get; init; }

    /// <summary>
    /// Whether copies move their bytes beside the pool, as a host's does, or in its steps: under a real clock the pool answers meanwhile, however much is copied; under
    /// a test's own clock a step must have done all that was due.
    /// </summary>
    public bool CopiesBeside { get; init; }

    /// <summary>How long SR.scan, SR.update, PBD.plug, PBD.unplug, VDI.create and VDI.destroy keep an SR busy; zero: they are over at once.</summary>
    public TimeSpan SrOperationTime { get; init; }

    /// <summary>How many calls may wait for a busy SR: beyond it TOO_MANY_PENDING_TASKS. Zero: nobody waits, and the second is OTHER_OPERATION_IN_PROGRESS.</summary>
    public int SrQueue { get; init; } = 100;

    /// <summary>How long the control domain keeps a VDI attached after an export's task has ended.</summary>
    public TimeSpan DetachLag { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Purpose of the management network: <c>nbd</c>, <c>insecure_nbd</c>, or empty for none, as a pool comes out of the box.</summary>
    public string NbdPurpose { get; init; } = "nbd";

    /// <summary>
    /// Whether the NBD servers know INFO and GO. xapi-nbd, as published, does not, and refuses LIST by policy, at which qemu gives up; false
    /// behaves so.
    /// </summary>
    public bool NbdGo { get; init; } = true;

    /// <summary>What an NFS export says it can hold.</summary>
    public long ExportCapacity { get; init; } = 1L << 40;

    /// <summary>Where the pool is kept over the end of the process; null keeps it in memory.</summary>
    public IStateStore? State { get; init; }

    /// <summary>Makes every uuid of this pool repeatable; null draws them at random.</summary>
    public int? Seed { get; init; }
}

/// <summary>One host: its name, iSCSI initiator name, and address as HOST_IS_SLAVE and redirects state it.</summary>
public sealed record XenServerHostOptions(string Name, string InitiatorIqn, string Address = "127.0.0.1");

/// <summary>A user with one of the pool's roles: read-only, vm-operator, vm-admin, vm-power-admin, pool-operator or pool-admin.</summary>
public sealed record XenServerUser(string Name, string Password, string Role);
