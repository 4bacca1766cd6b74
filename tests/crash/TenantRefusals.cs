using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What is somebody else's is, to a tenant, word for word what is not there.</summary>
public sealed class TenantRefusals
{
    private static readonly string[] s_accounts = ["11111111-2222-4333-8444-555555555555/somebody"];

    [Fact]
    public async Task Anothers_volume_and_vm_are_refused_in_the_words_of_one_that_is_not_there()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var none = "6a1f4f52-1c3e-4a5b-9f00-2c7b6f1a0d11";
        Assert.Equal(await VolumeAsync(none), await VolumeAsync(world.Volume.CloudStackId));
        Assert.Equal(await VmAsync(none), await VmAsync(world.Volume.CloudStackVmId));

        async Task<string> VolumeAsync(string id)
        {
            var key = NameUuid.From($"volume {id}");
            return Words(await PumpAsync(nameof(SnapshotVolume), new SnapshotVolumeInput { Key = new RequestKey(key.ToString("N")), VolumeId = id, Caller = "tenant", Accounts = s_accounts }, key.ToString("N")), id, "volume.not-found");
        }

        async Task<string> VmAsync(string id)
        {
            var key = NameUuid.From($"vm {id}");
            return Words(await PumpAsync(nameof(SnapshotGroup), new SnapshotGroupInput { Key = new RequestKey(key.ToString("N")), VmId = id, Caller = "tenant", Accounts = s_accounts }, key.ToString("N")), id, "group.vm-not-found");
        }

        async Task<OrchestrationMetadata> PumpAsync(string workflow, object input, string instance)
        {
            var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(workflow, input, new StartOrchestrationOptions(instance), TestContext.Current.CancellationToken);
            await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, TestContext.Current.CancellationToken);
            await start;
            return await life.Get<DurableEngine>().PumpAsync(instance, TestContext.Current.CancellationToken);
        }
    }

    private static string Words(OrchestrationMetadata ended, string id, string code)
    {
        var fault = StepFault.From(ended.FailureDetails!);
        Assert.Equal(code, fault.Code);
        return $"{fault.Message} {fault.Remedy}".Replace(id, "ID", StringComparison.OrdinalIgnoreCase);
    }
}
