using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>POST /api/vms/{vmId}/snapshots, and how the group stands under /api/groups/{id}.</summary>
public sealed class GroupTriggers(IdempotencyLedger ledger, SnapshotIndex index, SnapshotReader snapshots, PolicyLedger policies, AuditTrail audit, IOptions<CallbackOptions> callbacks, IOptions<QuiescingOptions> quiescing)
{
    internal const string Workflow = "SnapshotGroup";

    [Function("SnapshotVm")]
    public async Task<IActionResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "vms/{vmId}/snapshots")] HttpRequest request, string vmId, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            if (!Guid.TryParseExact(vmId, "D", out var vm)) return new ProblemResult(404, "group.vm-not-found", "The VM in the address is not a uuid.", "Give the uuid of the CloudStack VM, as listVirtualMachines shows it.");
            var idempotencyKey = request.IdempotencyKey();
            var body = GroupBody.Parse(await request.ReadBodyAsync(cancellation));
            if (body.Policy is not null && !request.IsOperator())
                return new ProblemResult(403, "request.operators-only", "'policy' is for operators: a policy's rule lets copies go.", "Leave 'policy' out.");
            if (body.Policy is { } policy && policies.Find(policy) is null)
                throw new BadRequestException("policy.not-found", $"There is no policy '{policy}'.", "GET /api/policies lists what there is.");
            callbacks.Value.Require(body.CallbackUrl);
            quiescing.Value.Require(body.Quiesce);
            var caller = request.Caller();
            var route = $"POST /vms/{vm:D}/snapshots";
            var proposed = new RequestKey(NameUuid.From($"{caller}\n{route}\n{idempotencyKey}").ToString("N"));
            var claim = ledger.Claim(caller, route, idempotencyKey, body.Hash(), proposed);
            if (claim.Outcome == ClaimOutcome.OtherBody) return SnapshotProblems.OtherBody();
            var input = new SnapshotGroupInput
            {
                Key = claim.Instance, VmId = vm.ToString("D"), Name = body.Name, Quiesce = body.Quiesce, Destination = body.Destination, Copy = body.Copy, Format = body.Format,
                KeepOnPrimary = body.KeepOnPrimary, Caller = caller, Tags = body.Tags, CallbackUrl = body.CallbackUrl, Policy = body.Policy, PrimaryOnly = body.PrimaryOnly,
                Accounts = request.Accounts(),
            };
            await client.StartClaimedAsync(Workflow, input, claim, cancellation);
            var view = await ViewAsync(claim.Instance, client, cancellation) ?? throw new InvalidOperationException($"Group {claim.Instance.Uuid} was started and cannot be found.");
            var location = $"/api/groups/{view.Id}";
            return new JsonResult<GroupAccepted>(
                202, new GroupAccepted(view.For(request), view.Id, $"{location}/cancel", request.Management(client, claim.Instance.Value)), TriggersJson.Default.GroupAccepted, location);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    [Function("GetGroup")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "groups/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        return RequestKey.TryParse(id, out var key) && await ViewAsync(key, client, cancellation) is { } view && Sees(request, view) ? new JsonResult<GroupView>(200, view.For(request), TriggersJson.Default.GroupView) : NotFound(id);
    }

    [Function("CancelGroup")]
    public async Task<IActionResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "groups/{id}/cancel")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (!RequestKey.TryParse(id, out var key) || await ViewAsync(key, client, cancellation) is not { } view || !Sees(request, view)) return NotFound(id);
        if (view.Ended || view.Manifest is not null || view.State is SnapshotState.Error or SnapshotState.Destroyed)
            return new ProblemResult(409, "group.ended", $"Group {view.Id} is {view.State}: there is nothing left to cancel.", "Delete its snapshots if they are not wanted.");
        await client.RaiseEventAsync(key.Value, "Cancel", request.Caller(), cancellation);
        audit.Add(request.Caller(), "group.cancel", view.Id, "done");
        return new JsonResult<GroupView>(202, view.For(request), TriggersJson.Default.GroupView);
    }

    /// <summary>A tenant sees the groups it asked for, and those of which it sees every member.</summary>
    private bool Sees(HttpRequest request, GroupView view)
    {
        if (request.Accounts() is null || view.Caller == request.Caller()) return true;
        var rows = view.Members.Select(member => RequestKey.TryParse(member.SnapshotId, out var key) ? index.Find(key) : null).ToList();
        return rows.Count > 0 && rows.TrueForAll(row => row is not null && request.Sees(row));
    }

    private async Task<GroupView?> ViewAsync(RequestKey key, DurableTaskClient client, CancellationToken cancellation)
    {
        if (await WorkInstances.FindAsync(client, Workflow, key, cancellation) is not { } instance || instance.ReadInputAs<SnapshotGroupInput>() is not { } input) return null;
        var status = instance.ReadCustomStatusAs<SnapshotGroupStatus>() ?? new SnapshotGroupStatus { State = SnapshotState.Allocated, VmId = input.VmId };
        if (!status.Ended && instance.IsCompleted)
            status = status with { State = SnapshotState.Error, Failure = status.Failure ?? WorkInstances.EndedByEngine(instance, status.Step), Ended = true };
        var view = GroupView.Of(input, status, instance.CreatedAt).Now(index);
        return view.Ended ? view with { Members = await EndedAsync(view.Members, client, cancellation) } : view;
    }

    /// <summary>
    /// Of a group that has ended, by itself or by the engine, no member stays allocated: one that is there is shown as its own route shows it, and one that never began is no snapshot, here as there.
    /// </summary>
    private async Task<IReadOnlyList<GroupMember>> EndedAsync(IReadOnlyList<GroupMember> members, DurableTaskClient client, CancellationToken cancellation)
    {
        var ended = new List<GroupMember>();
        foreach (var member in members)
        {
            if (member.State != SnapshotState.Allocated) ended.Add(member);
            else if (RequestKey.TryParse(member.SnapshotId, out var key) && await snapshots.FindAsync(key, client, cancellation) is { } own)
                ended.Add(member with { State = own.State, Manifest = own.Manifest, Failure = own.Failure });
        }

        return ended;
    }

    private static ProblemResult NotFound(string id) =>
        new(404, "group.not-found", $"There is no group '{(id.Length <= 64 ? id : id[..64])}'.", "The answer to the request that started it names it; its snapshots are listed by GET /api/snapshots?vmId=.");
}
