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
        var hit = plan.Take("solidfire", null, "CloneVolume");
        Assert.Equal(FaultAction.DropAnswer, hit?.Action);
        Assert.Null(plan.Take("solidfire", null, "CloneVolume"));
        Assert.False(plan.AllFired(), "A fault that was taken and could do nothing has not fired.");
        hit!.Shows();
        hit.Shows();
        Assert.True(plan.AllFired());
        Assert.Equal(1, plan.List().Single().FiredTimes);
    }

    [Fact]
    public void Times_hits_that_many_calls_in_a_row()
    {
        var plan = new FaultPlan();
        plan.On("solidfire", "CloneVolume", times: 3).Fail("xNotReadyForIO");
        for (var call = 1; call <= 5; call++)
        {
            plan.Take("solidfire", null, "CloneVolume")?.Shows();
            Assert.Equal(Math.Min(call, 3), plan.List().Single().FiredTimes);
            Assert.Equal(call >= 3, plan.AllFired());
        }
    }

    [Fact]
    public void For_ever_is_kept_by_the_first_call()
    {
        var plan = new FaultPlan();
        plan.On("solidfire", "CloneVolume", times: FaultSpecification.ForEver).Fail("xNotReadyForIO");
        Assert.False(plan.AllFired());
        plan.Take("solidfire", null, "CloneVolume")!.Shows();
        Assert.True(plan.AllFired());
        Assert.NotNull(plan.Take("solidfire", null, "CloneVolume"));
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
