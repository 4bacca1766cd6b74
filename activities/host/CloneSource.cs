using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>The clone's disk, open for a streamed copy: over NBD, by several reads at once, where the pool offers it for this disk; else as the pool's export. Exactly one of the two is set.</summary>
public sealed class CloneSource : IAsyncDisposable
{
    private readonly IAsyncDisposable _owned;

    private CloneSource(Stream? export, IRandomAccessSource? disk, IAsyncDisposable owned) => (Export, Disk, _owned) = (export, disk, owned);

    /// <summary>A dynamic VHD, forward only.</summary>
    public Stream? Export { get; }

    /// <summary>The disk itself, at any offset.</summary>
    public IRandomAccessSource? Disk { get; }

    /// <summary><see cref="CopySources"/>.</summary>
    public string Name => Disk is null ? CopySources.Export : CopySources.Nbd;

    /// <exception cref="XenApiException">The pool cannot be asked; with <c>NbdUnavailable</c> or <c>NbdBroken</c>: the disk cannot be read over NBD.</exception>
    public static async Task<CloneSource> OpenNbdAsync(XenServerClient pool, OpaqueRef vdi, CancellationToken cancellation)
    {
        var reader = await pool.OpenVdiNbdAsync(vdi, cancellation);
        return new CloneSource(null, new NbdDisk(reader), reader);
    }

    /// <param name="stop">Of the process: a wish to cancel does not give up a task that is being made.</param>
    /// <exception cref="XenApiException">The pool does not export the disk.</exception>
    public static async Task<CloneSource> OpenExportAsync(XenServerClient pool, OpaqueRef vdi, RequestKey key, CancellationToken cancellation, CancellationToken stop)
    {
        var export = await pool.OpenVdiExportAsync(vdi, VdiExportFormat.Vhd, key.NameFor(Roles.Export), cancellation, stop);
        return new CloneSource(export, null, export);
    }

    public ValueTask DisposeAsync() => _owned.DisposeAsync();

    private sealed class NbdDisk(VdiNbdReader reader) : IRandomAccessSource
    {
        public long Length => reader.VirtualBytes;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) => reader.ReadAsync(offset, buffer, cancellation);
    }
}

/// <summary>How a streamed copy reads the clone.</summary>
public static class CopySources
{
    /// <summary>NBD where the pool offers it, the export where not.</summary>
    public const string Auto = "auto";

    public const string Nbd = "nbd";

    public const string Export = "export";
}
