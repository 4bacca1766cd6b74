namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>The rules that <see cref="VhdCheck"/> applies: those of blktap's vhd-util check.</summary>
public enum VhdRule
{
    /// <summary>The file is long enough, and ends with its footer.</summary>
    Length,
    FooterCookie,
    FooterChecksum,

    /// <summary>The footer and its copy at the beginning are the same.</summary>
    FootersEqual,
    FooterVersion,

    /// <summary>Bit 0x2 is set.</summary>
    FooterFeatures,
    FooterReserved,
    FooterDataOffset,

    /// <summary>Not more than half an hour in the future.</summary>
    Timestamp,
    DiskType,
    DiskSize,
    Geometry,
    UniqueId,
    HeaderCookie,
    HeaderChecksum,
    HeaderVersion,
    HeaderDataOffset,
    HeaderReserved,
    BlockSize,
    TableOffset,

    /// <summary>The table has an entry for every block of the disk and lies within the file.</summary>
    TableSize,
    BlockInsideFile,
    BlockUnique,

    /// <summary>A block shares bytes with another block, the headers, the table, the batmap or a footer.</summary>
    BlockOverlap,

    /// <summary>A differencing disk: it needs a parent, and chains are not accepted.</summary>
    Parent,
}

public enum VhdSeverity
{
    /// <summary>Odd, but reads as it should.</summary>
    Warning,
    Error,
}

/// <summary>One thing that is not as it should be.</summary>
/// <param name="Offset">Where in the file.</param>
public sealed record VhdFinding(VhdRule Rule, VhdSeverity Severity, long Offset, string Message);

/// <summary>What a check found.</summary>
public sealed record VhdCheckResult
{
    public required IReadOnlyList<VhdFinding> Findings { get; init; }

    /// <summary>Size of the disk; 0 where no footer could be read.</summary>
    public required long DiskBytes { get; init; }

    public required int AllocatedBlocks { get; init; }

    /// <summary>True where there may be more findings than are listed.</summary>
    public required bool Truncated { get; init; }

    /// <summary>No finding is an error.</summary>
    public bool Sound => Findings.All(f => f.Severity != VhdSeverity.Error);
}
