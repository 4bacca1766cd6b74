namespace SnapshotWorkflows.Secondary.Chunks;

/// <summary>Ways to get the protocol wrong, which the exploration of small worlds must catch: proof that it can see. Never set outside of tests.</summary>
[Flags]
internal enum ProtocolFlaws
{
    None = 0,

    /// <summary>A collection waits for nobody.</summary>
    NoFence = 1,

    /// <summary>A collection deletes what it condemned without looking again.</summary>
    NoSecondLook = 2,

    /// <summary>A collection takes the packs of backups at work for garbage.</summary>
    CondemnsWork = 4,

    /// <summary>A backup overwrites nobody's end but takes its own for the one that counts.</summary>
    IgnoresClosing = 8,
}
