namespace SnapshotWorkflows.XenServer;

public enum VdiExportFormat
{
    /// <summary>Every byte of the disk, zeros included.</summary>
    Raw,

    /// <summary>A dynamic VHD with the allocated blocks; whether it is whole, its own table and footer must tell.</summary>
    Vhd,
}
