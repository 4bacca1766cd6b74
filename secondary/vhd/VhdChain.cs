using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>
/// Reads the disk of a differencing VHD through its parents, down to a fixed or dynamic one. Copies of this system are self-contained and are never read this way; it is for what others left in a folder (an SR, an import).
/// </summary>
/// <remarks>
/// A parent is looked for beside the child and nowhere else, and must be the one that the child names: its uuid, not made after the child last saw it, its disk not larger than the child's. What lies beyond a smaller
/// parent's end is zeros. Many reads may run at once.
/// </remarks>
public sealed class VhdChain : ISparseDisk, IRandomAccessSource, IAsyncDisposable
{
    /// <summary>XenServer keeps chains to 30.</summary>
    private const int DepthMax = 32;

    // The child first.
    private readonly List<VhdReader> _layers = [];
    private readonly List<IStoreReader> _owned = [];

    private VhdChain()
    {
    }

    public long DiskBytes => _layers[0].DiskBytes;

    public long Length => DiskBytes;

    /// <summary>Files, the child's counted.</summary>
    public int Depth => _layers.Count;

    /// <summary>Opens a VHD of any type, and its parents from the same folder of the store.</summary>
    /// <exception cref="VhdException">
    /// <c>vhd.parent-unnamed</c>, <c>vhd.parent-elsewhere</c> (a name that is not one beside the child), <c>vhd.parent-missing</c>, <c>vhd.parent-uuid</c>, <c>vhd.parent-timestamp</c>, <c>vhd.parent-size</c>,
    /// <c>vhd.parent-loop</c>, <c>vhd.parent-depth</c>; and those of any damaged file of the chain.
    /// </exception>
    public static async Task<VhdChain> OpenAsync(ISecondaryStore store, string name, CancellationToken cancellation)
    {
        var chain = new VhdChain();
        try
        {
            var folder = name[..(name.LastIndexOf('/') + 1)];
            var source = await store.OpenAsync(name, ReadPurpose.Ordinary, cancellation);
            chain._owned.Add(source);
            chain._layers.Add(await VhdReader.OpenAsync(source, inChain: true, cancellation));
            while (chain._layers[^1] is { Footer.Type: VhdType.Differencing } child)
            {
                if (chain._layers.Count == DepthMax)
                    throw Broken("vhd.parent-depth", $"The chain has more than {DepthMax} files.", child);
                await chain.AddParentAsync(store, folder, child, cancellation);
            }
            return chain;
        }
        catch
        {
            await chain.DisposeAsync();
            throw;
        }
    }

    public bool MayHoldData(long offset, long length) => _layers.Exists(layer => layer.MayHoldData(offset, length));

    /// <summary>As exact as the blocks of the files are.</summary>
    public async IAsyncEnumerable<DiskExtent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var pending = default(DiskExtent);
        for (long at = 0; at < DiskBytes; at += DiskRoot.GroupBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            var length = Math.Min(DiskRoot.GroupBytes, DiskBytes - at);
            if (!MayHoldData(at, length))
                continue;
            if (pending.Length > 0 && pending.End != at)
                yield return pending;
            pending = pending.Length > 0 && pending.End == at ? pending with { Length = pending.Length + length } : new DiskExtent(at, length);
        }
        if (pending.Length > 0)
            yield return pending;
        await Task.CompletedTask;
    }

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var wanted = (int)Math.Clamp(DiskBytes - offset, 0, buffer.Length);
        await ReadAsync(0, offset, buffer[..wanted], cancellation);
        return wanted;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _owned)
            await source.DisposeAsync();
    }

    private async ValueTask ReadAsync(int number, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        if (number == _layers.Count)
        {
            buffer.Span.Clear();
            return;
        }
        var layer = _layers[number];
        if (layer.Footer.Type != VhdType.Differencing)
        {
            var read = await layer.ReadAsync(offset, buffer, cancellation);
            buffer.Span[read..].Clear();
            return;
        }
        // A child may be larger than what it was made of.
        var there = (int)Math.Clamp(layer.DiskBytes - offset, 0, buffer.Length);
        buffer.Span[there..].Clear();
        for (var done = 0; done < there;)
        {
            var at = offset + done;
            var inBlock = (int)(at % layer.BlockBytes);
            var part = buffer.Slice(done, Math.Min(there - done, layer.BlockBytes - inBlock));
            var block = (int)(at / layer.BlockBytes);
            await ReadPartAsync(number, layer, block, at, inBlock, part, await layer.HeldAsync(block, cancellation), cancellation);
            done += part.Length;
        }
    }

    // Runs of sectors that this file holds come from it, the others from below.
    private async ValueTask ReadPartAsync(int number, VhdReader layer, int block, long at, int inBlock, Memory<byte> part, byte[]? held, CancellationToken cancellation)
    {
        for (var done = 0; done < part.Length;)
        {
            var sector = (inBlock + done) / VhdFormat.SectorBytes;
            var isHeld = held is not null && VhdBitmap.IsSet(held, sector);
            var sectors = held is null ? layer.BlockBytes / VhdFormat.SectorBytes - sector : VhdBitmap.Run(held, sector, layer.BlockBytes / VhdFormat.SectorBytes);
            var run = Math.Min(part.Length - done, (sector + sectors) * VhdFormat.SectorBytes - inBlock - done);
            var some = part.Slice(done, run);
            if (isHeld)
                await layer.ReadRawAsync(block, inBlock + done, some, cancellation);
            else
                await ReadAsync(number + 1, at + done, some, cancellation);
            done += run;
        }
    }

    private async Task AddParentAsync(ISecondaryStore store, string folder, VhdReader child, CancellationToken cancellation)
    {
        var names = new List<string>();
        foreach (var locator in child.Header!.Locators)
        {
            var bytes = new byte[locator.Length];
            if (await _owned[^1].ReadAsync(locator.Offset, bytes, cancellation) != bytes.Length)
                throw Broken("vhd.truncated", "A parent locator lies outside the file.", child);
            names.Add(locator.Decode(bytes));
        }
        names.AddRange(child.Header.ParentNames);
        if (names.Count == 0 || child.Header.ParentId == Guid.Empty)
            throw Broken("vhd.parent-unnamed", "The file says that it has a parent, and not which.", child);
        var leaves = names.Select(VhdLocator.BesideChild).OfType<string>().Distinct(StringComparer.Ordinal).Where(leaf => StoreName.IsValid(folder + leaf)).ToList();
        if (leaves.Count == 0)
            throw Broken("vhd.parent-elsewhere", "The parent is said to lie in another folder; only files beside the child are read.", child);
        foreach (var leaf in leaves)
        {
            if (await store.FindAsync(folder + leaf, cancellation) is null)
                continue;
            var source = await store.OpenAsync(folder + leaf, ReadPurpose.Ordinary, cancellation);
            _owned.Add(source);
            var parent = await VhdReader.OpenAsync(source, inChain: true, cancellation);
            DemandParent(parent, child);
            _layers.Add(parent);
            return;
        }
        throw Broken("vhd.parent-missing", $"The parent is not beside its child: {string.Join(", ", leaves)}.", child);
    }

    private void DemandParent(VhdReader parent, VhdReader child)
    {
        var header = child.Header!;
        if (parent.Footer.UniqueId != header.ParentId)
            throw Broken("vhd.parent-uuid", $"The file of the parent's name has the uuid {parent.Footer.UniqueId}, the child was made of {header.ParentId}.", child);
        if (_layers.Exists(layer => layer.Footer.UniqueId == parent.Footer.UniqueId))
            throw Broken("vhd.parent-loop", $"The chain comes back to {parent.Footer.UniqueId}.", child);
        // The child's maker noted when the parent was last written. One that was made after that is another, whatever its uuid.
        if (header.ParentTimestamp != 0 && parent.Footer.Timestamp > header.ParentTimestamp)
            throw Broken("vhd.parent-timestamp", "The parent was made after the child had seen it: it was exchanged.", child);
        if (parent.DiskBytes > child.DiskBytes)
            throw Broken("vhd.parent-size", $"The parent's disk has {parent.DiskBytes} bytes, the child's only {child.DiskBytes}.", child);
    }

    private static VhdException Broken(string code, string message, VhdReader child) =>
        new(code, message, "Bring the whole chain into one folder as it was, or copy the disk with VDI.copy, which writes one self-contained VHD.", (long)child.Footer.DataOffset);
}
