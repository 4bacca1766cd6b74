using System.Buffers.Binary;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Guest;

/// <summary>How and where a guest writes.</summary>
public sealed record GuestWriterOptions
{
    public int Seed { get; init; }

    public int BytesPerWrite { get; init; } = 4096;

    public double WritesPerSecond { get; init; } = 100;

    /// <summary>Start of the region written; null means 64 MiB that end 1 MiB before the disk does, clear of a partition table's copy.</summary>
    public long? RegionOffset { get; init; }

    public long? RegionLength { get; init; }
}

/// <summary>What a writer has done so far; stalls are in milliseconds, those over 5 ms only.</summary>
public sealed record GuestWriterReport(
    bool Running, long Writes, long BytesWritten, IReadOnlyList<double> Stalls, double LongestStallMs, double TotalStallMs, string? Failure);

/// <summary>
/// A guest that keeps writing small numbered blocks round and round a region of its disk and notes how long each write took,
/// the wait at a freeze included. Each block is: magic, seed, sequence number, then bytes that follow from these two.
/// </summary>
public sealed class GuestWriter : IDisposable
{
    /// <summary>First eight bytes of every block written.</summary>
    public static readonly byte[] Magic = "SWFGUEST"u8.ToArray();

    /// <summary>Writes longer than this count as stalled.</summary>
    public static readonly TimeSpan StallThreshold = TimeSpan.FromMilliseconds(5);

    private readonly IGuestDisk disk;
    private readonly GuestFreeze freeze;
    private readonly GuestWriterOptions options;
    private readonly TimeProvider clock;
    private readonly long regionOffset;
    private readonly long slots;
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly List<double> stalls = [];
    private readonly byte[] block;
    private long writes;
    private string? failure;
    private Task? running;

    public GuestWriter(IGuestDisk disk, GuestFreeze freeze, GuestWriterOptions options, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BytesPerWrite, 512);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.WritesPerSecond);
        this.disk = disk;
        this.freeze = freeze;
        this.options = options;
        this.clock = clock;
        block = new byte[options.BytesPerWrite];
        var length = Math.Min(options.RegionLength ?? (64L << 20), disk.Length);
        regionOffset = options.RegionOffset ?? Math.Max(0, disk.Length - length - (1L << 20)) / 4096 * 4096;
        slots = Math.Min(length, disk.Length - regionOffset) / options.BytesPerWrite;
        if (slots < 1)
        {
            throw new ArgumentException("The region is smaller than one write; choose a larger region or a smaller write.", nameof(options));
        }

        freeze.Flush = disk.Flush;
    }

    public GuestWriterReport Report()
    {
        lock (gate)
        {
            return new GuestWriterReport(
                running is { IsCompleted: false }, writes, writes * options.BytesPerWrite, [.. stalls], stalls.DefaultIfEmpty(0).Max(), stalls.Sum(), failure);
        }
    }

    /// <summary>Starts writing in the background.</summary>
    public void Start()
    {
        if (running is not null)
        {
            throw new InvalidOperationException("This writer has been started already; make a new one.");
        }

        running = Task.Run(RunAsync);
    }

    /// <summary>Stops after the write under way.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        if (running is not null)
        {
            await running;
        }
    }

    /// <summary>Writes the next block, waiting while the guest is frozen.</summary>
    public async Task WriteNextAsync(CancellationToken cancellation)
    {
        Fill(block, options.Seed, writes);
        var started = clock.GetTimestamp();
        await freeze.EnterWriteAsync(cancellation);
        try
        {
            disk.Write(regionOffset + (writes % slots * options.BytesPerWrite), block);
        }
        finally
        {
            freeze.ExitWrite();
        }

        var took = clock.GetElapsedTime(started);
        lock (gate)
        {
            writes++;
            if (took > StallThreshold)
            {
                stalls.Add(took.TotalMilliseconds);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => stop.Dispose();

    /// <summary>The content of one numbered block.</summary>
    public static void Fill(Span<byte> target, int seed, long sequence)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], seed);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], sequence);
        var state = unchecked(((ulong)(uint)seed << 32) ^ ((ulong)sequence * 0x9E3779B97F4A7C15UL)) | 1;
        for (var i = 24; i < target.Length; i++)
        {
            // xorshift64: cheap, and every block differs from every other.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            target[i] = (byte)state;
        }
    }

    private async Task RunAsync()
    {
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1 / options.WritesPerSecond), clock);
        try
        {
            while (await pace.WaitForNextTickAsync(stop.Token))
            {
                await WriteNextAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (Exception exception)
        {
            // The guest sees an I/O error and stops; the report tells.
            lock (gate)
            {
                failure = exception.Message;
            }
        }
    }
}
