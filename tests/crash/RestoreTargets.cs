using System.Text.Json.Nodes;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Each proof alone that a volume of CloudStack's may be overwritten, at the beginning and right before the write; and that what was written is what the manifest stands for.</summary>
public sealed class RestoreTargets
{
    private const string Import = "import_raw_vdi";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("logged-in", "restore.target-in-use")]
    [InlineData("granted", "restore.target-in-access-group")]
    [InlineData("plugged", "restore.target-plugged")]
    [InlineData("plugged-by-iqn", "restore.target-plugged")]
    [InlineData("unmarked", "restore.target-not-cloudstack")]
    [InlineData("other-disk", "restore.target-other-disk")]
    [InlineData("too-small", "restore.target-too-small")]
    [InlineData("smaller-than-said", "restore.target-too-small")]
    public async Task A_target_is_not_written_to_while_one_proof_is_missing(string how, string code)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var target = world.AddDetached(how is "too-small" or "smaller-than-said" ? 4 << 20 : CrashWorld.VirtualSize, described: (known, there) => how switch
        {
            "unmarked" or "plugged-by-iqn" => known with { Path = $"/{there.Iqn}/0" },
            "other-disk" => known with { Path = Guid.NewGuid().ToString() },
            "smaller-than-said" => known with { Size = CrashWorld.VirtualSize },
            _ => known,
        });
        switch (how)
        {
            case "logged-in": world.LogInStranger(target.Iqn); break;
            case "granted": world.SetAccess(target.VolumeId, granted: true); break;
            case "plugged" or "plugged-by-iqn": world.LeavePlugged(target); break;
            case "unmarked": world.DropCloudStacksMark(target.VolumeId); break;
        }

        await using var life = new Life(world, CrashSwitch.Never);
        Assert.Equal(code, Code(await RunAsync(life, taken, target)));
        Assert.Equal(0, world.Faults.CallsOf("xenserver", Import));
        // What the disk itself must tell is known once it is attached; anything else before.
        Assert.Equal(how is "other-disk" or "smaller-than-said" ? 1 : 0, world.Faults.CallsOf("solidfire", "AddVolumesToVolumeAccessGroup"));
    }

    /// <summary>Reading the copy may take hours: what the array said before it is asked again right before the first byte.</summary>
    [Theory]
    [InlineData("logged-in", "restore.target-in-use")]
    [InlineData("granted", "restore.target-in-access-group")]
    [InlineData("unmarked", "restore.target-not-cloudstack")]
    public async Task What_has_changed_while_the_target_was_made_ready_is_seen_before_the_write(string how, string code)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var target = world.AddDetached(CrashWorld.VirtualSize);
        var wire = new LateWire
        {
            Holds = method =>
            {
                if (method != "AddVolumesToVolumeAccessGroup") return Task.FromResult(false);
                switch (how)
                {
                    case "logged-in": world.LogInStranger(target.Iqn); break;
                    case "granted": world.SetAccess(target.VolumeId, granted: true); break;
                    default: world.DropCloudStacksMark(target.VolumeId); break;
                }

                return Task.FromResult(false);
            },
        };
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        Assert.Equal(code, Code(await RunAsync(life, taken, target)));
        Assert.Equal(0, world.Faults.CallsOf("xenserver", Import));
    }

    [Fact]
    public async Task A_target_that_is_larger_than_the_copy_is_filled_and_holds_zeros_behind_it()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var target = world.AddDetached(8 << 20);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, taken, target);
        Assert.Empty(await RestoreChecker.FaultsAsync(world, life, ended, target, mustSucceed: true, Cancellation));
    }

    /// <summary>A host that writes something else than it was sent.</summary>
    [Theory]
    [InlineData(true, 4608 << 10, "restore.mismatch")]
    [InlineData(true, 7 << 20, "verify.tail")]
    [InlineData(false, 2600 << 10, "restore.mismatch")]
    public async Task What_was_written_otherwise_than_sent_is_not_said_to_be_restored(bool intoTarget, long offset, string code)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var target = intoTarget ? world.AddDetached(8 << 20) : null;
        // The first asks where to send it, and is empty.
        world.Faults.On("xenserver", Import, occurrence: 2).Corrupt(offset, 512);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, taken, target);
        var status = ended.ReadCustomStatusAs<RestoreStatus>()!;
        Assert.True(world.Faults.AllFired());
        Assert.Equal((code, intoTarget, RestoreState.Error, null), (Code(ended), status.TargetTouched, status.State, status.Root));
        if (!intoTarget) Assert.Single(world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray());
    }

    private static string? Code(OrchestrationMetadata ended) => ended.FailureDetails is { } failure ? StepFault.From(failure).Code : null;

    private static async Task<OrchestrationMetadata> RunAsync(Life life, TakenCopy taken, SampleVolume? target) => await life.Get<DurableEngine>().PumpAsync(
        await life.PostRestoreAsync(taken.Key, target is null ? """{"name":"back","accountId":1}""" : $$"""{"targetVolumeId":"{{target.CloudStackId}}","overwrite":true}""", Cancellation), Cancellation);
}
