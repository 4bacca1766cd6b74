namespace SnapshotWorkflows.Contracts;

/// <summary>Who carries the bytes from the clone to secondary storage.</summary>
public static class CopyMethods
{
    /// <summary>The hypervisor writes into a folder that it mounts (VDI.copy).</summary>
    public const string Offload = "offload";

    /// <summary>The bytes come through this service: export stream or NBD, then the store. Any store, any format.</summary>
    public const string Stream = "stream";
}

/// <summary>How the data lies on secondary storage.</summary>
public static class DataFormats
{
    /// <summary>One self-contained dynamic VHD (docs/formats/vhd.md).</summary>
    public const string Vhd = "vhd";

    /// <summary>A repository of deduplicated chunks (docs/formats/chunks.md).</summary>
    public const string Chunks = "chunks";
}
