using SnapshotWorkflows.App;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class AdmissionGuardTests
{
    [Fact]
    public void The_queue_is_not_changed_past_its_routes()
    {
        var guard = new AdmissionGuard();
        Assert.Equal("entity.guarded", guard.Decide(EntityInstanceId.FromString("@admission@all"))?.Code);
        Assert.Equal("entity.guarded", guard.Decide(AdmissionEntity.Id)?.Code);
        Assert.Null(guard.Decide(new EntityInstanceId("another", "all")));
    }
}
