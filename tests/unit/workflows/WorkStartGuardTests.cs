using SnapshotWorkflows.App.Starts;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A start by hand is refused by name where the workflow would only meet what is missing; everything that is started in earnest passes.</summary>
public sealed class WorkStartGuardTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";
    private const string Other = "fedcba9876543210fedcba9876543210";

    private static readonly RequestKey s_key = new(Key);

    private static readonly SnapshotPolicy s_policy = new() { Name = "nightly", Schedule = "0 2 * * *", Volumes = new PolicyVolumes { Ids = [Other] }, Keep = new RetentionRule { Last = 3, MaxAge = TimeSpan.FromDays(30) } };

    private static readonly CloudSnapshot s_cloud = new(Other, Other, "of CloudStack's", DateTimeOffset.UnixEpoch);

    /// <summary>As triggers, steps and other workflows start them, and the id where it is not any.</summary>
    private static readonly (string Workflow, object Input, string? Id)[] s_starts =
    [
        (nameof(SnapshotVolume), new SnapshotVolumeInput { Key = s_key, VolumeId = Other, Caller = "test", Tags = new Dictionary<string, string> { ["a"] = "b" }, ArraySource = new ArrayVolume("c", 1), Accounts = ["a"] }, Key),
        (nameof(SnapshotGroup), new SnapshotGroupInput { Key = s_key, VmId = Other, Caller = "test", Quiesce = QuiesceMode.Hook }, Key),
        (nameof(RestoreVolume), new RestoreVolumeInput { Key = s_key, Snapshot = new RequestKey(Other), Caller = "test", Qos = new RestoreQos(1, null, 3) }, Key),
        (nameof(RevertVolume), new RevertVolumeInput(s_key, new RequestKey(Other), "test"), Key),
        (nameof(HoldSnapshot), new HoldSnapshotInput(s_key, new RequestKey(Other), Hold: true, "test", Reason: null), Key),
        (nameof(DeleteSnapshot), new DeleteSnapshotInput(s_key, "test", "for a test"), DeleteSnapshotInput.InstanceOf(s_key).Value),
        (nameof(RunPolicy), new PolicyOccurrence(s_policy, DateTimeOffset.UnixEpoch, 2), new PolicyOccurrence(s_policy, DateTimeOffset.UnixEpoch, 0).Instance.Value),
        (nameof(ExpireSnapshots), new ExpireSnapshotsInput(s_policy), ExpireSnapshotsInput.InstanceOf("nightly").Value),
        (nameof(FollowSnapshot), new FollowSnapshotInput(s_cloud, s_policy, 1, "test"), new FollowSnapshotInput(s_cloud, s_policy, 1, "test").Instance.Value),
        (nameof(HandleCloudEvent), new CloudEvent("1", "SNAPSHOT.CREATE", Other), new CloudEvent("1", "SNAPSHOT.CREATE", Other).Instance.Value),
        (nameof(VerifySnapshot), new VerifySnapshotInput(s_key, "test"), null),
        (nameof(SweepLeaks), new SweepLeaksInput("test", DryRun: true), null),
        (nameof(ScrubSnapshots), new ScrubInput("test"), null),
        (nameof(CollectChunks), new CollectChunksInput("test"), null),
        (nameof(PurgeDeleted), new PurgeDeletedInput("test") { EachArray = true }, null),
        (nameof(BackupLedger), new BackupLedgerInput("test"), null),
        (nameof(Reconcile), new ReconcileInput("test"), null),
        (nameof(ReportSnapshot), new ReportSnapshotInput(s_key, "https://callback.test", null) { Work = new WorkReport { EventId = "1", Event = WorkReport.PolicyRunEnded, Id = "1", State = "Done", Failures = [new PolicyRunFailure("v", "c", "m")] } }, new ReportSnapshotInput(s_key, "", null).Instance.Value),
        (nameof(AdmissionNotice), new AdmissionRequest(Key, 1, [AdmissionSlots.Volume(Other)], "account", 0), null),
    ];

    public static TheoryData<string> Workflows => [.. WorkStartGuard.Inputs.Keys];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void What_the_product_starts_is_accepted_as_the_engine_stores_it(string workflow)
    {
        var (_, input, id) = s_starts.Single(start => start.Workflow == workflow);
        Assert.Equal(WorkStartGuard.Inputs[workflow], input.GetType());
        var stored = JsonDataConverter.Default.Serialize(input);
        Assert.Null(new WorkStartGuard().Decide(workflow, id, stored));

        // Under another id, or under none, only what may have any.
        Assert.Equal(id is null, new WorkStartGuard().Decide(workflow, Other, stored) is null);
        var unnamed = new WorkStartGuard().Decide(workflow, null, stored);
        Assert.Equal(id is null, unnamed is null);
        if (unnamed is not null) Assert.Equal(("workflow.input-invalid", true), (unnamed.Code, unnamed.Detail.Contains(id!, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void No_workflow_begins_without_an_input_and_each_names_its_route(string workflow)
    {
        foreach (var input in (string?[])[null, "null", "{}", "[]", "\"text\"", "7"])
        {
            var refusal = new WorkStartGuard().Decide(workflow, Key, input);
            Assert.Equal("workflow.input-invalid", refusal?.Code);
            Assert.StartsWith(WorkRoutes.Of(workflow)!, refusal!.Remedy, StringComparison.Ordinal);
            if (input == "{}") Assert.Contains($"'{StrictInput.MembersOf(WorkStartGuard.Inputs[workflow]).First()}' is missing", refusal.Detail, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(nameof(Reconcile), """{"Caller":"test"}""", null)]
    [InlineData(nameof(Reconcile), """{"caller":"test"}""", "'Caller' is missing")]
    [InlineData(nameof(Reconcile), """{"Caller":null}""", "'Caller' is null")]
    [InlineData(nameof(Reconcile), """{"Caller":7}""", "'Caller' is not of the right kind")]
    [InlineData(nameof(PurgeDeleted), """{"Caller":"test","eachArray":true}""", "'eachArray' is no member of it")]
    [InlineData(nameof(SweepLeaks), """{"Caller":"test"}""", "'DryRun' is missing")]
    [InlineData(nameof(SweepLeaks), """{"Caller":"test","DryRun":null}""", "'DryRun' is null")]
    [InlineData(nameof(VerifySnapshot), """{"Snapshot":"01234567-89ab-cdef-0123-456789abcdef","Caller":"test"}""", "'Snapshot' is not of the right kind")]
    [InlineData(nameof(ExpireSnapshots), """{"Policy":{"Name":"nightly","Schedule":"","Volumes":{},"Keep":null}}""", "'Policy.Keep' is null")]
    [InlineData(nameof(ExpireSnapshots), """{"Policy":{"Name":"nightly","Schedule":"","Volumes":{"Tag":{"Key":"a"}},"Keep":{}}}""", "'Policy.Volumes.Tag.Value' is missing")]
    [InlineData(nameof(ReportSnapshot), """{"Snapshot":"0123456789abcdef0123456789abcdef","CallbackUrl":"u","Report":null,"Work":{"EventId":"1","Event":"e","Id":"1","State":"s","Failures":[{"VolumeId":"v","Code":null,"Message":"m"}]}}""", "'Work.Failures[0].Code' is null")]
    public void What_is_wrong_with_an_input_is_named(string workflow, string input, string? fault)
    {
        var refusal = new WorkStartGuard().Decide(workflow, null, input);
        if (fault is null) Assert.Null(refusal);
        else Assert.Equal($"A {workflow} cannot begin with this input: {fault}.", refusal?.Detail);
    }

    [Fact]
    public void A_run_by_hand_is_the_instance_of_its_request()
    {
        var run = new PolicyOccurrence(s_policy, DateTimeOffset.UnixEpoch, 0) { ByHand = new ManualRun(s_key, "test") };
        var stored = JsonDataConverter.Default.Serialize(run);
        Assert.Null(new WorkStartGuard().Decide(nameof(RunPolicy), Key, stored));
        Assert.NotNull(new WorkStartGuard().Decide(nameof(RunPolicy), (run with { ByHand = null }).Instance.Value, stored));
    }

    [Fact]
    public void What_is_not_the_products_is_not_guarded() => Assert.Null(new WorkStartGuard().Decide("Another", null, null));
}
