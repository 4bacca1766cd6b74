using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Whatever the array or another's job is named by reaches operators alone: neither tenants, nor readers, nor whoever is called back.</summary>
public sealed class PublicNoticesTests
{
    private const string Cluster = "5b1c7f7e-4f0b-4d6c-9d32-0e5d1f7b2c22";
    private const long ArrayVolume = 417253;
    private static readonly string s_stranger = new('c', 32);
    private static readonly string[] s_secrets = [Cluster, $"{ArrayVolume}", s_stranger];

    private static readonly StepNotice s_failed = new("array.no-volume", $"{new ArrayVolume(Cluster, ArrayVolume)} is not there, or not active.", $"Look at cluster {Cluster}.", "InspectArrayVolume", 3);

    /// <summary>As the queue says it of a wish that waits behind a stranger's job.</summary>
    private static StepNotice Queued()
    {
        var (state, _) = AdmissionQueue.Ask(new AdmissionState { Limits = new AdmissionLimits { ArrayClones = 1 } }, Wish(s_stranger), DateTimeOffset.UnixEpoch);
        (state, _) = AdmissionQueue.Ask(state, Wish(new string('a', 32)), DateTimeOffset.UnixEpoch);
        var answer = AdmissionQueue.Answer(state, Wish(new string('a', 32)), DateTimeOffset.UnixEpoch);
        Assert.Contains(s_stranger, answer.Reason, StringComparison.Ordinal);
        return new StepNotice(PublicNotices.Queued, $"Place {answer.Place} in the queue. {answer.Reason}", "GET /api/admission shows the queue.", "Admit");
    }

    [Theory]
    [InlineData("tenant")]
    [InlineData("reader")]
    public void Tenants_and_readers_see_the_code_and_the_place_and_operators_all(string role)
    {
        var snapshot = View();
        var group = GroupView.Of(
            new SnapshotGroupInput { Key = new RequestKey(new string('a', 32)), VmId = "vm", Caller = "x" },
            new SnapshotGroupStatus { State = SnapshotState.Error, VmId = "vm", Failure = s_failed, Waiting = Queued(), Members = new GroupMembers([new GroupMember("v", "s", SnapshotState.Error, null, s_failed)]) }, DateTimeOffset.UnixEpoch);
        var restore = RestoreView.Of(
            new RestoreVolumeInput { Key = new RequestKey(new string('a', 32)), Snapshot = new RequestKey(new string('b', 32)), Caller = "x" },
            new RestoreStatus { State = RestoreState.Error, SnapshotId = "s", Failure = s_failed, Waiting = Queued(), Cleanup = new CleanupStatus(false, s_failed) }, DateTimeOffset.UnixEpoch);
        var revert = new RevertView("r", "s", RevertState.Error, null, Queued(), null, DateTimeOffset.UnixEpoch, Asked: false, s_failed, Ended: true);

        string[] shown = [JsonSerializer.Serialize(snapshot.For(As(role))), JsonSerializer.Serialize(group.For(As(role))), JsonSerializer.Serialize(restore.For(As(role))), JsonSerializer.Serialize(revert.For(As(role)))];
        Assert.All(shown, json => Assert.All(s_secrets, secret => Assert.DoesNotContain(secret, json, StringComparison.OrdinalIgnoreCase)));
        Assert.All(shown, json => Assert.Contains("array.no-volume", json, StringComparison.Ordinal));
        Assert.All(shown, json => Assert.Contains("Place 1 in the queue.", json, StringComparison.Ordinal));

        Assert.Same(snapshot, snapshot.For(As("operator")));
        Assert.Same(group, group.For(As("operator")));
        Assert.Same(restore, restore.For(As("operator")));
        Assert.Same(revert, revert.For(As("operator")));
    }

    [Fact]
    public void What_a_tenant_can_mend_itself_is_told_in_full()
    {
        var detached = new StepNotice("quiesce.detached", "Volume DATA-7 is attached to no VM.", "Ask for quiesce 'none'.", "Admit");
        Assert.Equal(detached, (View() with { Failure = detached }).For(As("tenant")).Failure);
    }

    [Fact]
    public void Whoever_is_called_back_is_no_operator()
    {
        var work = new WorkReport
        {
            EventId = "e", Event = WorkReport.GroupEnded, Id = "i", State = "Error", Failure = s_failed,
            Volume = new RestoredVolume(Cluster, ArrayVolume, $"iqn.{Cluster}", "vdi", "sr", null),
            Members = [new GroupMember("v", "s", SnapshotState.Error, null, s_failed)], Failures = [new PolicyRunFailure("v", s_failed.Code, s_failed.Message)],
        };
        var json = JsonSerializer.Serialize(work.Public());
        Assert.All(s_secrets, secret => Assert.DoesNotContain(secret, json, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(Cluster, JsonSerializer.Serialize(new SnapshotReport { EventId = "e", Event = "e", Id = "i", VolumeId = "v", State = SnapshotState.Error, Failure = s_failed }.Public()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_sees_the_queue_without_the_arrays_ids()
    {
        var (state, _) = AdmissionQueue.Ask(new AdmissionState { Limits = new AdmissionLimits { ArrayClones = 1 } }, Wish(s_stranger), DateTimeOffset.UnixEpoch);
        (state, _) = AdmissionQueue.Ask(state, Wish(new string('a', 32)), DateTimeOffset.UnixEpoch);
        var view = AdmissionView.Of(state, DateTimeOffset.UnixEpoch);
        Assert.Contains(Cluster, JsonSerializer.Serialize(view.For(As("operator"))), StringComparison.Ordinal);
        var shown = view.For(As("reader"));
        Assert.DoesNotContain(Cluster, JsonSerializer.Serialize(shown), StringComparison.Ordinal);
        Assert.StartsWith("array is taken by", Assert.Single(shown.Waiting).Reason, StringComparison.Ordinal);
    }

    private static AdmissionRequest Wish(string instance) => new(instance, 2, [AdmissionSlots.Array(Cluster)], "", 0);

    private static SnapshotView View() => SnapshotView.Of(
        new SnapshotVolumeInput { Key = new RequestKey(new string('a', 32)), VolumeId = "v", Caller = "x" },
        new SnapshotStatus { State = SnapshotState.Error, Failure = s_failed, Waiting = Queued(), Cleanup = new CleanupStatus(false, s_failed) }, DateTimeOffset.UnixEpoch);

    private static HttpRequest As(string role) =>
        new DefaultHttpContext { User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role), new Claim(CallerAccess.AccountClaim, "d/a")], "test")) }.Request;
}
