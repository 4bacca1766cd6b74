using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// One simulated address (MVIP, pool coordinator, management server). The same code answers behind Kestrel on loopback and,
/// in crash tests, behind an in-process message handler. A dropped connection is <see cref="HttpContext.Abort"/>.
/// </summary>
public interface ISimulatedEndpoint
{
    /// <summary>Answers one request completely (status, headers, body), or aborts the connection.</summary>
    Task InvokeAsync(HttpContext context);
}

/// <summary>
/// Anything whose jobs take time (clones, copies, tasks). The one driver of a world calls <see cref="Step"/>: a background loop in
/// the program, the test's own clock in a crash test. Work is advanced up to the clock's present, never by sleeping.
/// </summary>
public interface ISteppable
{
    /// <summary>Brings every job up to the clock's present.</summary>
    void Step();
}

/// <summary>Bytes behind a LUN, a snapshot or a virtual disk. Reads beyond what was ever written give zeros. Thread-safe.</summary>
public interface IBlockDevice
{
    /// <summary>Size in bytes.</summary>
    long Length { get; }

    /// <summary>Fills the whole buffer from <paramref name="offset"/>.</summary>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes the whole buffer at <paramref name="offset"/>; atomic against snapshots of the device.</summary>
    void Write(long offset, ReadOnlySpan<byte> buffer);

    /// <summary>Regions that may hold other than zeros, in order, not overlapping: what a sparse copy must read.</summary>
    IEnumerable<(long Offset, long Length)> AllocatedExtents();
}

/// <summary>An iSCSI LUN as an initiator sees it after login.</summary>
public interface ILun : IBlockDevice
{
    /// <summary>Target name, for example <c>iqn.2010-01.com.solidfire:1mhp.data-5.7</c>.</summary>
    string TargetIqn { get; }

    /// <summary>What XenServer calls SCSIid: <c>3</c> followed by the NAA identifier in hex.</summary>
    string ScsiId { get; }

    /// <summary>Unit serial number as reported by the target.</summary>
    string Serial { get; }

    /// <summary>Bytes of a logical block: 512, or 4096 without emulation.</summary>
    int LogicalBlockBytes => 512;

    /// <summary>Whether writes are refused now.</summary>
    bool IsWriteProtected => false;
}

/// <summary>Where initiators meet targets: an array registers as one, hosts discover and log in through it.</summary>
public interface IStorageFabric
{
    /// <summary>Targets that this initiator may see at the portal (its access groups decide), by IQN.</summary>
    IReadOnlyList<string> Discover(string portal, string initiatorIqn);

    /// <summary>Logs in; null when the target does not exist or this initiator has no access to it.</summary>
    ILunSession? Login(string portal, string initiatorIqn, string targetIqn);
}

/// <summary>One iSCSI session; shows in ListISCSISessions until disposed. <see cref="Lost"/> turns true when the target goes away.</summary>
public interface ILunSession : IDisposable
{
    ILun Lun { get; }

    bool Lost { get; }
}

/// <summary>A running guest's disk, written through the hypervisor's own layers (VBD, VHD, logical volume, LUN).</summary>
public interface IGuestDisk : IBlockDevice
{
    /// <summary>Flushes as a guest's barrier would.</summary>
    void Flush();
}
