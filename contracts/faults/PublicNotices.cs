namespace SnapshotWorkflows.Contracts;

/// <summary>
/// What is told to those who are no operators: tenants, readers, receivers of callbacks. Messages name the array's clusters, volumes and access groups, hosts, and instances of others; those of the codes below
/// name nothing but what CloudStack shows to the caller too. What is not listed is an operator's, so that a new code opens to nobody by being forgotten.
/// </summary>
public static class PublicNotices
{
    /// <summary>A wait for slots. Who holds them is an operator's to know.</summary>
    public const string Queued = "admission.queued";

    private static readonly HashSet<string> s_open = new(StringComparer.Ordinal)
    {
        "adopt.not-found", "cancelled", "copy.format",
        "group.member-failed", "group.several-arrays", "group.vm-not-found", "group.volume-count",
        "manifest.missing",
        "quiesce.busy", "quiesce.detached", "quiesce.no-watchdog", "quiesce.not-configured", "quiesce.not-frozen", "quiesce.not-running", "quiesce.pause-not-allowed", "quiesce.pause-unanswered", "quiesce.too-late",
        "restore.copy-damaged", "restore.mismatch", "restore.target-attached", "restore.target-too-small",
        FaultCodes.BeingRestored, FaultCodes.BeingReverted, "snapshot.copy-not-found", "snapshot.deleting", "snapshot.gone", "snapshot.held", "snapshot.key-used", "snapshot.not-in-catalog", KeepFaults.GoneCode,
        "verify.damaged", "verify.mismatch",
        "volume.hypervisor", "volume.no-path", "volume.not-found", "volume.not-ready",
    };

    public static StepNotice? Public(this StepNotice? notice) => notice is null || s_open.Contains(notice.Code) ? notice : notice with
    {
        Message = Message(notice.Code, notice.Message),
        Remedy = notice.Code == Queued ? "Wait for its turn, or cancel it." : $"docs/errors.md tells what {notice.Code} means; an operator sees the details under the same id.",
    };

    public static CleanupStatus Public(this CleanupStatus cleanup)
    {
        ArgumentNullException.ThrowIfNull(cleanup);
        return cleanup with { Stuck = cleanup.Stuck.Public() };
    }

    public static GroupMember Public(this GroupMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        return member with { Failure = member.Failure.Public() };
    }

    public static PolicyRunFailure Public(this PolicyRunFailure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return s_open.Contains(failure.Code) ? failure : failure with { Message = Message(failure.Code, failure.Message) };
    }

    public static SnapshotReport Public(this SnapshotReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return report with { Failure = report.Failure.Public() };
    }

    public static WorkReport Public(this WorkReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return report with { Failure = report.Failure.Public(), Volume = null, Members = report.Members?.Select(member => member.Public()).ToList(), Failures = report.Failures?.Select(failure => failure.Public()).ToList() };
    }

    /// <summary>Of a wait the place alone, which is its first sentence.</summary>
    private static string Message(string code, string message) =>
        code == Queued && message.IndexOf('.', StringComparison.Ordinal) is var end and > 0 ? message[..(end + 1)] : "Its details are for operators.";
}
