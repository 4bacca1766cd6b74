namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Versions of the orchestrators, as instances bear them from their start on. Where what an orchestrator asks for, or in which order, has changed, it asks here and goes the way on which it
/// was started: an instance in flight when a new version is deployed goes on as it began.
/// </summary>
public static class WorkflowVersions
{
    /// <summary>What instances are started with, and every child of theirs.</summary>
    public const string Current = Renewed;

    /// <summary>
    /// A clean-up that does not end gives back the slots that it does not need; expiry is an instance of its own, asks by name, and judges again after the answer; a policy's run and a followed
    /// snapshot pass a wish to cancel on. Before it instances bore no version.
    /// </summary>
    internal const string Apart = "2.0";

    /// <summary>A group tells its own end, waits for a store that refuses its manifest, and takes away at once what it keeps on the array of volumes that came to nothing;
    /// what could not be taken while a guest was frozen is taken in another freeze.</summary>
    internal const string Told = "2.1";

    /// <summary>Expiry judges and proves each volume again right before its first deletion, and tells the audit trail of a judgement that failed.</summary>
    internal const string Judged = "2.2";

    /// <summary>A reading of a copy that came to no verdict is told to the audit trail, and its turn is over for a day.</summary>
    internal const string Tried = "2.3";

    /// <summary>Of the same version: a restore into a volume that holds something reads its copy to the end first; the patience with a step that works begins with its first failure, and not with the step.</summary>
    internal const string Proven = Tried;

    /// <summary>Of the same version: why a deletion was refused is shown in the snapshot.</summary>
    internal const string Shown = Tried;

    /// <summary>A group holds its volumes by both names, renews the fuse of what it took while its members wait, and proves room for all of their clones; what had to give its slots back to ask for others is looked at again.</summary>
    internal const string Renewed = "2.4";

    /// <summary>Of the same version: a revert proves everything anew before each try and ends only when nothing that it sent can come any more; it can be cancelled, and gives up, while nothing was asked for.</summary>
    internal const string Settled = Renewed;

    /// <summary>Of the same version: a snapshot that is to stay on the array alone, and is not there at its end, ends as an error; its deletion waits for its array, and is refused where the settings do not lead to that any more.</summary>
    internal const string Kept = Renewed;

    internal static bool IsAtLeast(this TaskOrchestrationContext context, string version) => context.CompareVersionTo(version) >= 0;
}
