using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// A running machine's disk. While the machine is paused its reads and writes wait, as a guest's would; a caller with one thread
/// looks at <see cref="IsPaused"/> first.
/// </summary>
public sealed class GuestDisk : IGuestDisk
{
    private readonly VmRow _vm;
    private readonly VbdRow _vbd;

    internal GuestDisk(VmRow vm, VbdRow vbd, long length)
    {
        _vm = vm;
        _vbd = vbd;
        Length = length;
    }

    public long Length { get; }

    public bool IsPaused
    {
        get
        {
            lock (_vm.Io)
                return _vm.PowerState == "Paused";
        }
    }

    public void Read(long offset, Span<byte> buffer)
    {
        lock (_vm.Io)
            Running().Read(offset, buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> buffer)
    {
        lock (_vm.Io)
            Running().Write(offset, buffer);
    }

    public IEnumerable<(long Offset, long Length)> AllocatedExtents()
    {
        lock (_vm.Io)
            return Running().AllocatedExtents();
    }

    /// <summary>Every write went through to the LUN before it returned, so there is nothing left to flush; a paused guest still waits.</summary>
    public void Flush()
    {
        lock (_vm.Io)
            Running();
    }

    private VhdDisk Running()
    {
        while (_vm.PowerState == "Paused")
            Monitor.Wait(_vm.Io);
        return _vbd.Disk ?? throw new IOException("The machine no longer has this disk.");
    }
}
