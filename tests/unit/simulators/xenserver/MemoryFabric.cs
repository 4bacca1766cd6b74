using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

/// <summary>Targets in memory, each visible to the initiators it was given to.</summary>
internal sealed class MemoryFabric : IStorageFabric
{
    public const string Portal = "10.0.0.1";

    private readonly Dictionary<string, MemoryLun> luns = [];
    private readonly HashSet<(string Initiator, string Target)> access = [];

    public int OpenSessions { get; private set; }

    public MemoryLun Add(MemoryLun lun, params string[] initiators)
    {
        luns[lun.TargetIqn] = lun;
        foreach (var initiator in initiators)
            access.Add((initiator, lun.TargetIqn));
        return lun;
    }

    public void Revoke(string initiator, string target) => access.Remove((initiator, target));

    public IReadOnlyList<string> Discover(string portal, string initiatorIqn) =>
        portal == Portal + ":3260" ? [.. luns.Keys.Where(t => access.Contains((initiatorIqn, t)))] : [];

    public ILunSession? Login(string portal, string initiatorIqn, string targetIqn) =>
        Discover(portal, initiatorIqn).Contains(targetIqn) ? new Session(this, luns[targetIqn]) : null;

    private sealed class Session : ILunSession
    {
        private readonly MemoryFabric fabric;
        private bool closed;

        public Session(MemoryFabric fabric, ILun lun)
        {
            (this.fabric, Lun) = (fabric, lun);
            fabric.OpenSessions++;
        }

        public ILun Lun { get; }

        public bool Lost => false;

        public void Dispose()
        {
            if (!closed)
                fabric.OpenSessions--;
            closed = true;
        }
    }
}

/// <summary>A sparse LUN in memory that can be cloned, and that can tell a listener after each write.</summary>
internal sealed class MemoryLun(string name, long length) : ILun
{
    private const int Chunk = 4096;
    private readonly SortedDictionary<long, byte[]> chunks = [];

    public Action? Written { get; set; }

    public string TargetIqn { get; } = "iqn.2010-01.com.solidfire:test." + name;

    public string ScsiId { get; } = "36f47acc1" + Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(name));

    public string Serial { get; } = "serial-" + name;

    public long Length => length;

    public MemoryLun Clone(string cloneName)
    {
        var clone = new MemoryLun(cloneName, length);
        foreach (var (at, bytes) in chunks)
            clone.chunks[at] = (byte[])bytes.Clone();
        return clone;
    }

    public void Read(long offset, Span<byte> buffer)
    {
        for (var done = 0; done < buffer.Length;)
        {
            var within = (int)((offset + done) % Chunk);
            var take = Math.Min(Chunk - within, buffer.Length - done);
            if (chunks.TryGetValue(offset + done - within, out var bytes))
                bytes.AsSpan(within, take).CopyTo(buffer[done..]);
            else
                buffer.Slice(done, take).Clear();
            done += take;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> buffer)
    {
        Assert.InRange(offset, 0, length - buffer.Length);
        for (var done = 0; done < buffer.Length;)
        {
            var within = (int)((offset + done) % Chunk);
            var take = Math.Min(Chunk - within, buffer.Length - done);
            if (!chunks.TryGetValue(offset + done - within, out var bytes))
                chunks[offset + done - within] = bytes = new byte[Chunk];
            buffer.Slice(done, take).CopyTo(bytes.AsSpan(within));
            done += take;
        }

        Written?.Invoke();
    }

    public IEnumerable<(long Offset, long Length)> AllocatedExtents() => chunks.Keys.Select(at => (at, (long)Chunk));
}
