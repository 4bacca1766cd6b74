using System.Collections.Concurrent;
using SnapshotWorkflows.Simulators.Guest;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>Where and how the guest shall write; offset and length are a window of the virtual disk in bytes; beside: while others write.</summary>
internal sealed record GuestRequest(
    string VmUuid, int Seed = 0, int BytesPerWrite = 4096, double WritesPerSecond = 100, long? Offset = null, long? Length = null, bool Beside = false);

/// <summary>What the guest noticed; stalls are in milliseconds, those over 5 ms only. Failure: the I/O error that ended its writing. Of its freezes some were ended by its agent, for their time was over.</summary>
internal sealed record GuestReport(
    bool Running, long Writes, long BytesWritten, IReadOnlyList<double> Stalls, double LongestStallMs, double TotalStallMs, bool Frozen, string? Failure, int Freezes, int FreezesExpired);

/// <summary>The guest of the world that writes, whichever machine that is at the moment; several where they were asked for.</summary>
internal sealed class GuestSlot(GuestAgent agent, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<string, (XenServerSimulator Pool, GuestFreeze Freeze)> _machines = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly List<Machine> _writing = [];

    /// <summary>Makes a machine known, to the agent too, where it answers to its CloudStack uuid as well.</summary>
    public void Add(string vmUuid, XenServerSimulator pool, string cloudStackId) => _machines[vmUuid] = (pool, agent.AddGuest(vmUuid, cloudStackId));

    /// <exception cref="ArgumentException">A guest is writing already, or the window is not within the disk.</exception>
    /// <exception cref="KeyNotFoundException">There is no such machine.</exception>
    public void Start(GuestRequest request)
    {
        if (!_machines.TryGetValue(request.VmUuid, out var machine)) throw new KeyNotFoundException($"There is no machine '{request.VmUuid}'.");
        lock (_gate)
        {
            if (_writing.Exists(other => other.Writer.Report().Running && (!request.Beside || other.VmUuid == request.VmUuid)))
                throw new ArgumentException("A guest is writing already; POST /guest/stop first.");
            var disk = machine.Pool.World.OpenGuestDisk(request.VmUuid);
            Check(request, disk.Length);
            var options = new GuestWriterOptions
            {
                Seed = request.Seed,
                BytesPerWrite = request.BytesPerWrite,
                WritesPerSecond = request.WritesPerSecond,
                RegionOffset = request.Offset,
                RegionLength = request.Length,
            };
            var writer = new GuestWriter(disk, machine.Freeze, options, clock);
            if (!request.Beside) Forget();
            _writing.Add(new Machine(request.VmUuid, writer, machine.Freeze, disk));
            writer.Start();
        }
    }

    /// <summary>Ends the writing; what was noted stays to be read. Without a guest nothing happens.</summary>
    public Task StopAsync() => Task.WhenAll(Writing().ConvertAll(machine => machine.Writer.StopAsync()));

    /// <summary>Of several that write, what all of them noticed together.</summary>
    public GuestReport Report()
    {
        var machines = Writing();
        var reports = machines.ConvertAll(machine => machine.Writer.Report());
        return new GuestReport(
            reports.Exists(report => report.Running), reports.Sum(report => report.Writes), reports.Sum(report => report.BytesWritten), [.. reports.SelectMany(report => report.Stalls)],
            reports.Select(report => report.LongestStallMs).DefaultIfEmpty(0).Max(), reports.Sum(report => report.TotalStallMs),
            machines.Exists(machine => machine.Freeze.Active is not null || machine.Disk.IsPaused), reports.Select(report => report.Failure).FirstOrDefault(failure => failure is not null),
            machines.Sum(machine => machine.Freeze.Count.All), machines.Sum(machine => machine.Freeze.Count.Expired));
    }

    public void Dispose()
    {
        lock (_gate) Forget();
    }

    private List<Machine> Writing()
    {
        lock (_gate) return [.. _writing];
    }

    private void Forget()
    {
        foreach (var machine in _writing) machine.Writer.Dispose();
        _writing.Clear();
    }

    private static void Check(GuestRequest request, long diskBytes)
    {
        if (request.BytesPerWrite is < 512 or > 1 << 24) throw new ArgumentException("bytesPerWrite is from 512 to 16777216.");
        if (!(request.WritesPerSecond is > 0 and <= 1000)) throw new ArgumentException("writesPerSecond is more than 0 and at most 1000.");
        var (offset, length) = (request.Offset ?? 0, request.Length ?? request.BytesPerWrite);
        if (offset < 0 || length < request.BytesPerWrite || offset > diskBytes - length)
            throw new ArgumentException($"The window from {offset} of {length} bytes must hold a whole write and end within the disk's {diskBytes} bytes.");
    }

    private sealed record Machine(string VmUuid, GuestWriter Writer, GuestFreeze Freeze, GuestDisk Disk);
}
