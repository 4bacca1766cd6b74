namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Every route in words. A test holds this against the functions and against what their bodies accept.</summary>
internal static class ApiOperations
{
    private static readonly ApiParameter s_top = new("top", ApiSchemas.Count(1, 1000), "Most items of a page; 100 if absent.");
    private static readonly ApiMember s_reason = new("reason", ApiSchemas.Text, "Shown, and kept in the audit trail.");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        .. Snapshots(),
        .. Groups(),
        .. Restores(),
        .. Policies(),
        .. Admission(),
        .. Upkeep(),
        new("ListAudit", "Who did what, when, and how it ended; oldest first.", 200, TriggersJson.Default.AuditList)
        {
            Query = [new("subject", ApiSchemas.Text, "Only rows about this snapshot or policy."), new("after", ApiSchemas.Count(0, long.MaxValue), "Goes on behind the row of this id."), s_top],
        },
        new("GetReadiness", "Every appliance, store, key, catalog and hub: what was found, and what to mend. For operators; /readyz tells everybody only which system it is. Ready and degraded: jobs that need what is away wait, the others go on.", 200, TriggersJson.Default.ReadinessReport),
        new("GetOpenApi", "This document.", 200, null),
    ];

    private static IEnumerable<ApiOperation> Snapshots()
    {
        yield return new("CreateSnapshot", "Backs a volume up to secondary storage. The same key with the same body is the same snapshot.", 202, TriggersJson.Default.SnapshotAccepted)
        {
            IsKeyed = true,
            Refusals = [409],
            Body =
            [
                new("volumeId", ApiSchemas.Uuid, "The CloudStack volume; needed, unless an operator names the array's."),
                new("solidFireVolumeId", ApiSchemas.Count(1, int.MaxValue), "For operators: the array's volume, with clusterUuid, instead of volumeId."),
                new("clusterUuid", ApiSchemas.Uuid, "The array's cluster, with solidFireVolumeId."),
                new("adoptSnapshotId", ApiSchemas.Uuid, "A snapshot that CloudStack took and keeps: its array's snapshot is copied instead of a new one."),
                new("secondaryPath", ApiSchemas.Text, "For operators: a folder of CloudStack's own tree, snapshots/<accountId>/<volumeId> (docs/cloudstack-plugin.md)."),
                new("name", ApiSchemas.Text, "Shown in listings; vm_volume_time if absent."),
                new("quiesce", ApiSchemas.Quiesce, "none (crash-consistent), hook (a guest-side agent freezes the file systems) or pause (the hypervisor stops the machine for the moment; where the settings allow it)."),
                new("destination", ApiSchemas.Text, "Name of a destination of the settings; if absent Secondary:DefaultDestination, else the only one."),
                new("copy", ApiSchemas.Copy, "offload: the hypervisor writes; stream: this service does. The destination decides if absent."),
                new("format", ApiSchemas.Format, "vhd, or chunks: deduplicated and compressed."),
                new("locationType", """{"enum":["secondary","primary"]}""", "primary: it ends on the array, and is no backup."),
                new("keepOnPrimary", ApiSchemas.Flag, "Keeps the array's snapshot beside the copy."),
                new("policy", ApiSchemas.Text, "For operators: the policy by whose rule the copy is kept and let go, as if it had taken it."),
                new("tags", ApiSchemas.Tags, "Kept with the snapshot and in its manifest."),
                new("callbackUrl", """{"type":"string","format":"uri"}""", "Told how it ended, signed; an address that the settings allow."),
            ],
        };
        yield return new("GetSnapshot", "One snapshot with its progress, and when it failed with cause and remedy.", 200, TriggersJson.Default.SnapshotView) { Refusals = [404] };
        yield return new("ListSnapshots", "Snapshots, newest first.", 200, TriggersJson.Default.SnapshotList)
        {
            Query =
            [
                new("volumeId", ApiSchemas.Uuid, "Only of this volume."),
                new("vmId", ApiSchemas.Uuid, "Only of this virtual machine."),
                new("policy", ApiSchemas.Text, "Only those that this policy took."),
                new("state", $$"""{"enum":[{{string.Join(',', Enum.GetNames<SnapshotState>().Select(name => $"\"{name}\""))}}]}""", "Only in this state."),
                new("createdFrom", ApiSchemas.Time, "Not older."),
                new("createdTo", ApiSchemas.Time, "Not newer."),
                s_top,
            ],
            Headers = [new(ListQuery.ContinuationHeader, """{"type":"string"}""", "The header of the same name of the last page; there is another page as long as an answer bears it.")],
        };
        yield return new("CancelSnapshot", "Stops the running step and undoes what was made; it ends clean.", 202, TriggersJson.Default.SnapshotView) { Refusals = [404, 409] };
        yield return new("DeleteSnapshotCopy", "Deletes the copy, its manifest and what was kept on the array. Done when the snapshot is Destroyed.", 202, TriggersJson.Default.SnapshotDeletion)
        {
            Refusals = [404, 409],
            Query = [new("arrayLost", ApiSchemas.Flag, "For operators: the array of a snapshot that is on it alone is lost, and in the settings no more.")],
        };
        yield return new("HoldSnapshotCopy", "Puts a legal hold on the copy: nothing deletes it until it is released.", 202, TriggersJson.Default.SnapshotHolding)
        {
            IsKeyed = true, Body = [s_reason], BodyIsOptional = true, Refusals = [404, 409],
        };
        yield return new("ReleaseSnapshotCopy", "Takes the legal hold away.", 202, TriggersJson.Default.SnapshotHolding) { IsKeyed = true, Body = [s_reason], BodyIsOptional = true, Refusals = [404, 409] };
    }

    private static IEnumerable<ApiOperation> Groups()
    {
        yield return new("SnapshotVm", "Backs up all volumes of a virtual machine, at one instant.", 202, TriggersJson.Default.GroupAccepted)
        {
            IsKeyed = true,
            Refusals = [409],
            Body =
            [
                new("name", ApiSchemas.Text, "Shown in listings."),
                new("quiesce", ApiSchemas.Quiesce, "As for a snapshot; one freeze for all volumes."),
                new("destination", ApiSchemas.Text, "As for a snapshot."),
                new("copy", ApiSchemas.Copy, "As for a snapshot."),
                new("format", ApiSchemas.Format, "As for a snapshot."),
                new("locationType", """{"enum":["secondary","primary"]}""", "primary: it ends on the array, and is no backup."),
                new("keepOnPrimary", ApiSchemas.Flag, "Keeps the array's snapshots beside the copies."),
                new("policy", ApiSchemas.Text, "As for a snapshot, for every member."),
                new("tags", ApiSchemas.Tags, "Kept with every member."),
                new("callbackUrl", """{"type":"string","format":"uri"}""", "Told how each member ended, and how the group did (event group.ended), signed; an address that the settings allow."),
            ],
        };
        yield return new("GetGroup", "One group and how each of its members stands.", 200, TriggersJson.Default.GroupView) { Refusals = [404] };
        yield return new("CancelGroup", "Stops it and undoes what was made.", 202, TriggersJson.Default.GroupView) { Refusals = [404, 409] };
    }

    private static IEnumerable<ApiOperation> Restores()
    {
        yield return new("RestoreSnapshot", "Restores the copy into a new volume of the array, or into a detached CloudStack volume; done when what was read back is what the manifest stands for.", 202, TriggersJson.Default.RestoreAccepted)
        {
            IsKeyed = true,
            Refusals = [404, 409],
            Body =
            [
                new("targetVolumeId", ApiSchemas.Uuid, "A detached CloudStack volume to fill; a new volume is made if absent."),
                new("overwrite", ApiSchemas.Flag, "Must be true with targetVolumeId: what it holds is lost."),
                new("name", ApiSchemas.Text, "Of the new volume."),
                new("clusterUuid", ApiSchemas.Uuid, "The array's cluster that is to hold the new volume; the original's if absent."),
                new("accountId", ApiSchemas.Count(1, int.MaxValue), "The array's account of the new volume; the original's if absent, which it can be on the original's cluster alone."),
                new("qos", $$$"""{"type":"object","properties":{"minIops":{{{ApiSchemas.Count(50, 200_000)}}},"maxIops":{{{ApiSchemas.Count(50, 200_000)}}},"burstIops":{{{ApiSchemas.Count(50, 200_000)}}}},"additionalProperties":false}""", "Of the new volume."),
                new("host", ApiSchemas.Text, "Name or uuid of the host that writes; any if absent."),
                new("callbackUrl", """{"type":"string","format":"uri"}""", "Told how it ended (event restore.ended), signed; an address that the settings allow."),
            ],
        };
        yield return new("GetRestore", "How a restore stands.", 200, TriggersJson.Default.RestoreView) { Refusals = [404] };
        yield return new("CancelRestore", "Stops it and undoes what was made.", 202, TriggersJson.Default.RestoreView) { Refusals = [404, 409] };
        yield return new("RevertSnapshot", "Puts the volume back to a snapshot that is still on the array; the volume is detached, or its machine stopped.", 202, TriggersJson.Default.RevertAccepted)
        {
            IsKeyed = true, Refusals = [404, 409],
        };
        yield return new("GetRevert", "How a revert stands.", 200, TriggersJson.Default.RevertView) { Refusals = [404] };
        yield return new("CancelRevert", "Stops it while nobody was asked to put the volume back.", 202, TriggersJson.Default.RevertView) { Refusals = [404, 409] };
    }

    private static IEnumerable<ApiOperation> Policies()
    {
        yield return new("ListPolicies", "Every policy.", 200, TriggersJson.Default.PolicyList);
        yield return new("GetPolicy", "One policy.", 200, TriggersJson.Default.PolicyView) { Refusals = [404] };
        yield return new("PutPolicy", "Makes or replaces a policy.", 200, TriggersJson.Default.PolicyView)
        {
            Refusals = [412],
            Headers =
            [
                new("If-Match", """{"type":"string"}""", "The revision that is replaced; 412 if it is another one by now."),
                new("If-None-Match", """{"const":"*"}""", "Only if there is none yet."),
            ],
            Body =
            [
                new("schedule", """{"type":"string"}""", "NCRONTAB of five or six fields, such as '30 2 * * *'. Needed, unless the policy follows CloudStack."),
                new("followCloudStack", ApiSchemas.Flag, "Copies the snapshots that CloudStack itself takes of these volumes off the array."),
                new("timeZone", """{"type":"string","default":"UTC"}""", "IANA name. A time that a change of clocks leaves out comes at the end of the gap; one that it repeats comes once."),
                new("jitterSeconds", ApiSchemas.Count(0, 6 * 3600), "Each volume starts at a moment of its own within so many seconds."),
                new("volumes", """{"type":"object","properties":{"ids":{"type":"array","items":{"type":"string","format":"uuid"},"maxItems":10000},"tag":{"type":"object","properties":{"key":{"type":"string"},"value":{"type":"string"}},"required":["key"],"additionalProperties":false}},"additionalProperties":false}""", "CloudStack volumes by id, by tag, or both.", Required: true),
                new("keep", $$$"""{"type":"object","properties":{"last":{{{ApiSchemas.Count(0, 10_000)}}},"hourly":{{{ApiSchemas.Count(0, 10_000)}}},"daily":{{{ApiSchemas.Count(0, 10_000)}}},"weekly":{{{ApiSchemas.Count(0, 10_000)}}},"monthly":{{{ApiSchemas.Count(0, 10_000)}}},"yearly":{{{ApiSchemas.Count(0, 10_000)}}},"maxAge":{"type":"string","format":"duration"}},"additionalProperties":false}""", "What is kept: at least one member, or everything if absent. maxAge is an hour or more. Only verified copies count, and the newest good one never goes."),
                new("quiesce", ApiSchemas.Quiesce, "As for a snapshot."),
                new("destination", ApiSchemas.Text, "As for a snapshot."),
                new("format", ApiSchemas.Format, "As for a snapshot."),
                new("enabled", ApiSchemas.Flag, "A disabled policy neither takes nor expires."),
                new("callbackUrl", """{"type":"string","format":"uri"}""", "Told how each run ended (event policy.ended), signed; an address that the settings allow."),
            ],
        };
        yield return new("DeletePolicy", "Removes a policy; its copies stay.", 204, null) { Refusals = [404] };
        yield return new("AnswerExpiry", "Answers what the policy's expiry asks (GET the policy shows the question): an unusually large run, or one after a gap, lets nothing go without a person's word.", 202, null)
        {
            Refusals = [404, 409], Body = [new("question", ApiSchemas.Text, "Its id.", Required: true), new("approve", ApiSchemas.Flag, "true lets the copies go that would still go then; false keeps them.", Required: true)],
        };
        yield return new("RunPolicyNow", "Runs the policy now, besides its schedule, which goes on as if nothing were: every volume at once, without jitter. The copies are kept and let go by the policy's rule.", 202, TriggersJson.Default.PolicyRunAccepted)
        {
            IsKeyed = true, Refusals = [404, 409], BodyIsOptional = true, Body = [new("alongside", ApiSchemas.Flag, "Begins although an earlier run has not ended; volumes whose snapshot is unfinished are left out, and named in the failures.")],
        };
        yield return new("GetPolicyRun", "How a run of the policy stands, one of its schedule or one that was asked for.", 200, TriggersJson.Default.PolicyRunView) { Refusals = [404] };
        yield return new("CancelPolicyRun", "Stops the policy's last run, of its schedule and by hand: each of its snapshots undoes what it made. With an Idempotency-Key a request that comes again means the runs that were there when it came first.", 202, null)
        {
            Refusals = [404, 409], Body = [new("run", ApiSchemas.Uuid, "The run that is meant, be it the last or not; the last ones if absent.")], BodyIsOptional = true,
            Headers = [new("Idempotency-Key", """{"type":"string"}""", "May be left out; then a request that comes again means the runs of then.")],
        };
        yield return new("PreviewPolicy", "When it comes next, which volumes it selects now (asked of CloudStack), and for every copy whether it would be kept and why. Changes nothing.", 200, TriggersJson.Default.PolicyPreview) { Refusals = [404, 409] };
    }

    private static IEnumerable<ApiOperation> Upkeep()
    {
        yield return new("VerifySnapshotCopy", "Reads the copy whole and holds it against its manifest: lastProven or damagedAt then tells.", 202, TriggersJson.Default.SnapshotVerifying) { IsKeyed = true, Body = [], BodyIsOptional = true, Refusals = [404, 409] };
        yield return new("ListUsage", "What was occupied between two times, also by what is deleted since.", 200, TriggersJson.Default.UsageList)
        {
            Query = [new("from", ApiSchemas.Time, "30 days before 'to' if absent."), new("to", ApiSchemas.Time, "Now if absent."), new("account", ApiSchemas.Text, "Only of this CloudStack account: its name, or domain uuid/name."), s_top],
            Headers = [new(ListQuery.ContinuationHeader, """{"type":"string"}""", "The header of the same name of the last page; there is another page as long as an answer bears it.")],
        };
        yield return new("GetLeaks", "What the last sweep found left over, why it thinks so, and what became of it.", 200, TriggersJson.Default.LeakList);
        yield return new("SweepLeaksNow", "Looks for what is left over; removes only what is provably ours, and only if told so.", 202, TriggersJson.Default.LeakSweep)
        {
            IsKeyed = true, BodyIsOptional = true, Refusals = [409], Body = [new("dryRun", ApiSchemas.Flag, "true if absent: nothing is removed.")],
        };
        yield return new("TakeCloudEvent", "CloudStack's webhook. 200 once the event is stored; a repeated X-CS-Event-ID is 200 without effect.", 200, null)
        {
            Refusals = [413, 503],
            Headers = [new("X-CS-Signature", """{"type":"string"}""", "Base64 of the HMAC-SHA256 over the raw body."), new("X-CS-Event-ID", """{"type":"string"}""", "Names the event.")],
            Body = [new("event", """{"type":"string"}""", "Its type, such as SNAPSHOT.CREATE.", Required: true), new("status", """{"type":"string"}""", "Completed, for what is acted on.", Required: true), new("entityuuid", ApiSchemas.Uuid, "The snapshot.")],
        };
    }

    private static IEnumerable<ApiOperation> Admission()
    {
        yield return new("GetAdmission", "Who works, who waits, at which place and for what.", 200, TriggersJson.Default.AdmissionView);
        yield return new("PauseAdmission", "Lets nothing new begin.", 202, null) { Body = [s_reason], BodyIsOptional = true };
        yield return new("ResumeAdmission", "Ends the pause.", 202, null) { Body = [s_reason], BodyIsOptional = true };
        yield return new("AddMaintenanceWindow", "A time in which nothing begins.", 202, null)
        {
            Body =
            [
                new("from", ApiSchemas.Time, "Now if absent."),
                new("until", ApiSchemas.Time, "Its end.", Required: true),
                s_reason,
            ],
        };
        yield return new("ClearMaintenanceWindows", "Removes every window.", 202, null) { Body = [s_reason], BodyIsOptional = true };
    }
}
