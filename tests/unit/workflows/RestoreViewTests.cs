using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class RestoreViewTests
{
    [Theory]
    [InlineData("tenant", "6a1f4f52-1c3e-4a5b-9f00-2c7b6f1a0d11", false)]
    [InlineData("tenant", null, false)]
    [InlineData("operator", "6a1f4f52-1c3e-4a5b-9f00-2c7b6f1a0d11", true)]
    [InlineData("operator", null, true)]
    [InlineData("reader", "6a1f4f52-1c3e-4a5b-9f00-2c7b6f1a0d11", false)]
    [InlineData("reader", null, false)]
    public void The_arrays_ids_are_for_operators(string role, string? target, bool shown)
    {
        var input = new RestoreVolumeInput { Key = new RequestKey(new string('a', 32)), Snapshot = new RequestKey(new string('b', 32)), TargetVolumeId = target, Caller = "x" };
        var status = new RestoreStatus { State = RestoreState.Restored, SnapshotId = "s", Ended = true, Volume = new RestoredVolume("cluster", 7, "iqn.x", "vdi", "sr", target) };
        var context = new DefaultHttpContext { User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role), new Claim(CallerAccess.AccountClaim, "d/a")], "test")) };
        Assert.Equal(shown, RestoreView.Of(input, status, DateTimeOffset.UnixEpoch).For(context.Request).Volume is not null);
    }
}
