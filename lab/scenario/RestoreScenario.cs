namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// The copy goes back to the array: into a new volume, and over a detached one of CloudStack's that holds something else. What is on the LUNs then is read by the prover, not believed from the
/// product, and must be the snapshot to the last byte; nothing else may be left.
/// </summary>
internal sealed class RestoreScenario(LabWorld world, RunOptions options, Screen screen)
{
    private readonly SimulatorControl _control = world.Control;
    private readonly LabApp _app = world.App;

    public async Task RunAsync(Outcome snapshot, string imagePath, CancellationToken cancellation)
    {
        var killer = options.Kill ? new Killer(options.Seed, KillPlan.Restore, _app, _control, screen) : null;
        if (killer is not null) await killer.ArmAsync(cancellation);
        await IntoNewAsync(snapshot, killer, cancellation);
        await IntoTargetAsync(snapshot, imagePath, cancellation);
    }

    private async Task IntoNewAsync(Outcome snapshot, Killer? killer, CancellationToken cancellation)
    {
        var before = await _control.InventoryAsync(cancellation);
        var status = await RestoreAsync(snapshot, new { name = "restored-1", qos = new { minIops = 100, maxIops = 5_000, burstIops = 10_000 } }, killer, cancellation);
        await ProveAsync(snapshot, status.Volume!.VolumeId, "new volume", cancellation);
        var made = before.Solidfire with { Volumes = [.. before.Solidfire.Volumes, new ArrayVolume(status.Volume.VolumeId, "restored-1", "active", [])] };
        await CheckLeftoversAsync(before with { Solidfire = made }, cancellation);
    }

    private async Task IntoTargetAsync(Outcome snapshot, string imagePath, CancellationToken cancellation)
    {
        var target = await _control.MakeDetachedVolumeAsync("spare-1", imagePath, cancellation);
        screen.Line($"CloudStack volume {target.CloudStackVolumeId} is detached: SolidFire volume {target.SolidFireVolumeId} in no access group, no SR of it in any pool");
        var before = await _control.InventoryAsync(cancellation);
        var status = await RestoreAsync(snapshot, new { targetVolumeId = target.CloudStackVolumeId, overwrite = true }, killer: null, cancellation);
        if (status.Volume!.VolumeId != target.SolidFireVolumeId || status.Volume.VdiUuid != target.VdiUuid) throw Wrong($"Volume {status.Volume.VolumeId} with disk {status.Volume.VdiUuid} was filled, not CloudStack's.");
        await ProveAsync(snapshot, target.SolidFireVolumeId, "filled volume", cancellation);
        await CheckLeftoversAsync(before, cancellation);
    }

    private async Task<RestoreStatus> RestoreAsync(Outcome snapshot, object body, Killer? killer, CancellationToken cancellation)
    {
        var path = $"/api/snapshots/{snapshot.Status.Id}/restore";
        var answer = await _app.Api.PostAsync(path, body, $"lab-{Guid.NewGuid():N}", cancellation);
        if (answer.Status != 202 || answer["id"] is not { } id) throw Wrong($"POST {path} answered {answer.Status}: {answer.Body}");
        screen.Line($"POST {path} {System.Text.Json.JsonSerializer.Serialize(body)} -> 202 {answer.Location}");
        while (true)
        {
            _app.Process!.ThrowIfExited();
            var status = await _app.Api.FindRestoreAsync(id, cancellation) ?? throw Wrong($"There is no restore {id}.");
            Show(status);
            if (status.Ended)
            {
                if (status.Failure is { } failure) throw Wrong($"The restore ended as {status.State}: {failure.Code}: {failure.Message} {failure.Remedy}");
                if (status is not { State: "Restored", Volume: not null, Root: not null }) throw Wrong($"The restore ended as {status.State}.");
                if (killer is { Done: false }) throw Wrong($"The restore ended before kill {killer.Kills + 1} of 3 ({killer.Next}).");
                return status;
            }

            if (killer is not null) await killer.StepAsync(status.Progress, cancellation);
            await Task.Delay(Wait.Pause, cancellation);
        }
    }

    private void Show(RestoreStatus status)
    {
        var text = $"{status.State,-16} {status.Step,-22}";
        if (status.Progress is { Bytes: { } bytes, Total: > 0 and var total } progress && progress.Step == status.Step) text += $" {Mib(bytes)} of {Mib(total)}";
        if (status.Waiting is { } waiting) text += $" waiting: {waiting.Message}";
        screen.Move($"{status.State} {status.Step}", text.TrimEnd());
    }

    private async Task ProveAsync(Outcome snapshot, long volume, string what, CancellationToken cancellation)
    {
        var lun = world.Folder.File($"restored-{volume}.lun");
        await _control.MaterializeVolumeAsync(volume, lun, cancellation);
        var sha256 = await Proof.HashLunAsync(lun, cancellation);
        screen.Plain($"            snapshot on the array   sha256 {snapshot.Sha256}");
        screen.Plain($"            {what,-22}  sha256 {sha256}");
        if (sha256 != snapshot.Sha256) throw Wrong($"The {what} is not the snapshot.", lun);
    }

    private async Task CheckLeftoversAsync(Inventory before, CancellationToken cancellation)
    {
        var names = await world.Secondary.NamesAsync(cancellation);
        var left = Leftovers.Find(before, await _control.InventoryAsync(cancellation), names, names.ToHashSet()).ToArray();
        if (left.Length > 0) throw new LabException("Something is left on array or hosts that the restore does not keep:", [.. left, .. world.Logs]);
        screen.Line("nothing is left on array and hosts but the restored volume (asked from the simulators)");
    }

    private LabException Wrong(string message, params string[] files) => new(message, [.. files, .. world.Logs]);

    private static string Mib(long bytes) => $"{bytes / 1048576.0:#,0.0} MiB";
}
