using SnapshotWorkflows.Simulators.Fabric;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Fabric;

public sealed class FaultPlanTests
{
    [Fact]
    public void A_fault_hits_its_occurrence_and_no_other()
    {
        var plan = new FaultPlan();
        plan.On("solidfire", "CloneVolume", occurrence: 2).DropAnswer();
        Assert.Null(plan.Take("solidfire", null, "CloneVolume"));
        Assert.False(plan.AllFired());
        Assert.Null(plan.Take("solidfire", null, "CreateSnapshot"));
        Assert.Null(plan.Take("xenserver", null, "CloneVolume"));
        Assert.Equal(FaultAction.DropAnswer, plan.Take("solidfire", null, "CloneVolume")?.Action);
        Assert.Null(plan.Take("solidfire", null, "CloneVolume"));
        Assert.True(plan.AllFired());
    }

    [Fact]
    public void Times_hits_that_many_calls_in_a_row()
    {
        var plan = new FaultPlan();
        plan.On("solidfire", "CloneVolume", times: 3).Fail("xNotReadyForIO");
        var hits = Enumerable.Range(0, 5).Count(_ => plan.Take("solidfire", null, "CloneVolume") is not null);
        Assert.Equal(3, hits);
        Assert.Equal(3, plan.List().Single().FiredTimes);
    }

    [Fact]
    public void A_fault_of_one_pool_leaves_the_other_alone_and_counts_only_its_own_calls()
    {
        var plan = new FaultPlan();
        plan.On("xenserver", "VDI.copy", pool: "backup").ZeroExtent(4096, 8192);
        Assert.Null(plan.Take("xenserver", "production", "VDI.copy"));
        Assert.Equal(8192, plan.Take("xenserver", "backup", "VDI.copy")?.Length);
    }

    [Fact]
    public void Calls_are_counted_by_system_and_method()
    {
        var plan = new FaultPlan();
        plan.CountCall("solidfire", "GetAPI");
        plan.CountCall("solidfire", "GetAPI");
        plan.CountCall("hook", "freeze");
        Assert.Equal(2, plan.CallsOf("solidfire", "GetAPI"));
        Assert.Equal(["hook.freeze", "solidfire.GetAPI"], plan.Calls.Keys);
    }
}
