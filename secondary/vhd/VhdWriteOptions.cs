namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>What a new VHD is to say of itself. The same options and the same data give the same bytes.</summary>
public sealed record VhdWriteOptions
{
    /// <summary>Size of the disk: whole sectors, at most 2040 GiB.</summary>
    public required long DiskBytes { get; init; }

    public required Guid UniqueId { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Four ASCII characters. qemu-img 7.2 goes by the geometry, and cuts the disk short, for creators that it does not know; readers that go by the current size read any.</summary>
    public string CreatorApplication { get; init; } = OwnCreator;

    internal const string OwnCreator = "swf ";

    internal VhdFooter Footer()
    {
        if (DiskBytes is <= 0 or > VhdFormat.MaxDiskBytes || DiskBytes % VhdFormat.SectorBytes != 0)
        {
            throw new VhdException("vhd.size", $"A disk of {DiskBytes} bytes cannot be a VHD.",
                "A VHD holds whole sectors of 512 bytes, one at least and 2040 GiB at most.", 0);
        }
        return new VhdFooter
        {
            Timestamp = (uint)Math.Clamp((Timestamp - VhdFormat.Epoch).TotalSeconds, 0, uint.MaxValue),
            CreatorApplication = CreatorApplication,
            OriginalBytes = DiskBytes,
            CurrentBytes = DiskBytes,
            Geometry = VhdGeometry.ForSize(DiskBytes),
            UniqueId = UniqueId,
        };
    }

    internal VhdHeader Header() => new() { TableEntries = (uint)((DiskBytes + VhdFormat.DefaultBlockBytes - 1) / VhdFormat.DefaultBlockBytes) };
}

/// <summary>What a writer wrote.</summary>
/// <param name="DataBytes">Length of the VHD.</param>
public sealed record VhdWriteReceipt(long DataBytes, int AllocatedBlocks);

/// <summary>One block of a disk on its way into a VHD: 2 MiB, less at the disk's end.</summary>
public readonly record struct VhdBlock(int Index, ReadOnlyMemory<byte> Data);
