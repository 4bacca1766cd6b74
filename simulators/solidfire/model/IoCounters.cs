namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>Reads and writes of one volume. Thread-safe.</summary>
internal sealed class IoCounters
{
    private long readBytes;
    private long readOps;
    private long writeBytes;
    private long writeOps;
    private long unalignedReads;
    private long unalignedWrites;

    public long ReadBytes => Interlocked.Read(ref readBytes);

    public long ReadOps => Interlocked.Read(ref readOps);

    public long WriteBytes => Interlocked.Read(ref writeBytes);

    public long WriteOps => Interlocked.Read(ref writeOps);

    public long UnalignedReads => Interlocked.Read(ref unalignedReads);

    public long UnalignedWrites => Interlocked.Read(ref unalignedWrites);

    public void CountRead(long offset, int bytes)
    {
        Interlocked.Increment(ref readOps);
        Interlocked.Add(ref readBytes, bytes);
        Interlocked.Add(ref unalignedReads, IsAligned(offset, bytes) ? 0 : 1);
    }

    public void CountWrite(long offset, int bytes)
    {
        Interlocked.Increment(ref writeOps);
        Interlocked.Add(ref writeBytes, bytes);
        Interlocked.Add(ref unalignedWrites, IsAligned(offset, bytes) ? 0 : 1);
    }

    private static bool IsAligned(long offset, int bytes) => offset % 4096 == 0 && bytes % 4096 == 0;
}
