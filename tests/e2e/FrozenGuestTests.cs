using System.Diagnostics;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Runs by itself: what it asserts is a time.</summary>
[CollectionDefinition(nameof(FrozenGuest), DisableParallelization = true)]
public sealed class FrozenGuest;

/// <summary>The app is killed while a guest is frozen, and never started again: the guest runs within ten seconds.</summary>
[Collection(nameof(FrozenGuest))]
public sealed class FrozenGuestTests(World world) : IClassFixture<World>
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("hook")]
    [InlineData("pause")]
    public async Task A_guest_frozen_by_an_app_that_is_gone_runs_within_ten_seconds(string quiesce)
    {
        var volume = await world.NewVolumeAsync();
        await using var app = await world.Lab.StartAnotherAppAsync($"frozen-{quiesce}", "Quiesce:Pause:HighAvailabilityIsOff", "true", Cancellation);
        await using var watchdog = await app.StartWatchdogAsync();
        await world.Control.PlanAsync(new PlannedFault("solidfire", "CreateSnapshot", "stall") { Seconds = 300 }, Cancellation);
        await world.Control.StartGuestAsync(volume.VmUuid, seed: 1, offset: 0, length: 16 << 20, Cancellation);
        try
        {
            await app.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, quiesce }, World.NewKey(), Cancellation);
            await Wait.UntilAsync("The guest was not frozen", async () => (await world.Control.GuestAsync(Cancellation)).Frozen, app.Process, Cancellation);
            var frozen = Stopwatch.StartNew();
            await app.Process!.KillAsync();
            await Wait.UntilAsync("The guest is still frozen", async () => !(await world.Control.GuestAsync(Cancellation)).Frozen, process: null, Cancellation);
            Assert.True(frozen.Elapsed < s_longest, $"the guest ran again only after {frozen.Elapsed.TotalSeconds:0.0} s");
            var written = (await world.Control.GuestAsync(Cancellation)).Writes;
            await Wait.UntilAsync("The guest does not write", async () => (await world.Control.GuestAsync(Cancellation)).Writes > written, process: null, Cancellation);
        }
        finally
        {
            await world.Control.StopGuestAsync(Cancellation);
            await world.Control.ForgetFaultsAsync(Cancellation);
        }
    }
}
