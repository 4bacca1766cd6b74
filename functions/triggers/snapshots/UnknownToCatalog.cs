namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// A snapshot of which the hub still knows that it was taken, and the catalog nothing. Rows of what is deleted are forgotten after a time and do not come back with `catalog rebuild`: its instance alone makes no backup of it.
/// </summary>
internal static class UnknownToCatalog
{
    public static readonly StepNotice Notice = new(
        "snapshot.not-in-catalog", "The catalog does not know this snapshot any more: it was deleted, or the catalog was lost and made anew.",
        "None, if it was deleted. After a loss `catalog rebuild` finds every copy that has a manifest; what was on the array alone is found there by its name only.", "");

    public static bool Claims(SnapshotState state) => state is SnapshotState.BackedUp or SnapshotState.CreatedOnPrimary;
}
