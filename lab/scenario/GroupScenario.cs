using SnapshotWorkflows.Lab.Image;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// Both disks of one machine at one instant: one call on the array, and for each disk a copy that equals the array's own snapshot. Everything that is claimed is checked against the simulators and
/// by the prover. Anything else than success is a <see cref="LabException"/>.
/// </summary>
internal sealed class GroupScenario(LabWorld world, RunOptions options, Screen screen)
{
    private readonly SimulatorControl _control = world.Control;
    private readonly LabApp _app = world.App;

    public async Task<GroupStatus> RunAsync(ImageManifest image, string imagePath, CancellationToken cancellation)
    {
        var first = await _control.MakeVolumeAsync("data-1", imagePath, cancellation);
        var second = await _control.AddVolumeAsync("data-2", imagePath, first.CloudStackVmId, cancellation);
        screen.Line($"VM {first.CloudStackVmId} has two disks: SolidFire volumes {first.SolidFireVolumeId} and {second.SolidFireVolumeId}");
        await _control.StartGuestAsync(first.VmUuid, options.Seed, image.Scratch.Offset, image.Scratch.Bytes, cancellation);
        await Wait.UntilAsync("The guest writes nothing", async () => (await _control.GuestAsync(cancellation)).Writes > 0, world.Simulators.Process, cancellation);
        screen.Line("its guest is running and keeps writing to the first");

        var before = await _control.InventoryAsync(cancellation);
        var killer = options.Kill ? new Killer(options.Seed, KillPlan.Group(options), _app, _control, screen) : null;
        if (killer is not null) await killer.ArmAsync(cancellation);
        var known = before.Solidfire.Snapshots.Select(snapshot => snapshot.Id).ToHashSet();
        ArrayCopies[] copies = [.. new[] { first, second }.Select(volume => new ArrayCopies(_control, world.Folder, volume.SolidFireVolumeId, known, screen))];
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watch = Task.WhenAll(copies.Select(copy => copy.WatchAsync(watching.Token)));
        var status = await FollowAsync(await PostAsync(first.CloudStackVmId, cancellation), killer, watch, cancellation);
        await watching.CancelAsync();
        await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (watch.IsFaulted) await watch;

        List<string> kept = [status.Manifest ?? throw Wrong("The group is BackedUp, but its status names no manifest.")];
        if (await world.Secondary.FileAsync(kept[0], cancellation) is null) throw Wrong($"There is no group manifest {kept[0]} on secondary storage.");
        foreach (var (volume, copy) in new[] { (first, copies[0]), (second, copies[1]) }) kept.AddRange(await ProveAsync(status, volume, copy, cancellation));
        var guest = await _control.GuestAsync(cancellation);
        if (!options.Keep) await _control.StopGuestAsync(cancellation);
        screen.Line($"the guest wrote meanwhile; {guest.Stalls.Count} writes stalled over 5 ms, the longest for {guest.LongestStallMs:0.0} ms");
        await CheckLeftoversAsync(before, kept, cancellation);
        foreach (var line in await File.ReadAllLinesAsync((await world.Secondary.FileAsync(kept[0], cancellation))!, cancellation)) screen.Plain("    " + line);
        return status;
    }

    private async Task<string> PostAsync(string vm, CancellationToken cancellation)
    {
        var body = new { quiesce = options.Quiesce, name = "first", copy = options.Copy ?? (options.Streams ? "stream" : "offload") };
        var answer = await _app.Api.PostAsync($"/api/vms/{vm}/snapshots", body, $"lab-{Guid.NewGuid():N}", cancellation);
        if (answer.Status != 202 || answer["id"] is not { } id) throw Wrong($"POST /api/vms/{vm}/snapshots answered {answer.Status}: {answer.Body}");
        screen.Line($"POST /api/vms/{vm}/snapshots {System.Text.Json.JsonSerializer.Serialize(body)} -> 202 {answer.Location}");
        return id;
    }

    private async Task<GroupStatus> FollowAsync(string id, Killer? killer, Task watch, CancellationToken cancellation)
    {
        while (true)
        {
            _app.Process!.ThrowIfExited();
            if (watch.IsFaulted) await watch;
            var status = await _app.Api.FindGroupAsync(id, cancellation);
            SnapshotProgress? progress = null;
            var members = new List<string>();
            foreach (var member in status.Members)
            {
                var one = await _app.Api.FindSnapshotAsync(member.SnapshotId, cancellation);
                members.Add($"{one?.State ?? member.State} {one?.Step}".TrimEnd());
                progress ??= one?.Progress;
            }

            screen.Move($"{status.State} {string.Join(" | ", members)}", $"{status.State,-16} {string.Join(" | ", members)}{(status.Waiting is { } waiting ? $" waiting: {waiting.Message}" : "")}");
            if (status.Ended)
            {
                if (status.Failure is { } failure) throw Wrong($"The group ended as {status.State}: {failure.Code}: {failure.Message} {failure.Remedy}");
                if (status.State != "BackedUp" || status.Members.Count != 2) throw Wrong($"The group ended as {status.State} with {status.Members.Count} members.");
                if (killer is { Done: false }) throw Wrong($"The group ended before kill {killer.Kills + 1} of 3 ({killer.Next}).");
                return status;
            }

            if (killer is not null) await killer.StepAsync(progress, cancellation);
            await Task.Delay(Wait.Pause, cancellation);
        }
    }

    /// <summary>The array's own copy of the snapshot and the disk restored from secondary storage must be one and the same.</summary>
    private async Task<string[]> ProveAsync(GroupStatus group, WorldVolume volume, ArrayCopies copies, CancellationToken cancellation)
    {
        var member = group.Members.Single(one => one.VolumeId == volume.CloudStackVolumeId);
        var status = await _app.Api.FindSnapshotAsync(member.SnapshotId, cancellation) ?? throw Wrong($"There is no snapshot {member.SnapshotId}.");
        if (status is not { State: "BackedUp", Verified.Level: "full", Location: { } location, Manifest: { } manifest }) throw Wrong($"Snapshot {member.SnapshotId} is {status.State}.");
        var vhd = await world.Secondary.FileAsync(location, cancellation) ?? throw Wrong($"There is no {location} on secondary storage.");
        var restored = world.Folder.File($"restored-{volume.SolidFireVolumeId}.img");
        var (snapshot, copy) = (await Proof.HashLunAsync(copies.Latest, cancellation), await Proof.RestoreAsync(vhd, restored, cancellation));
        screen.Plain($"            volume {volume.SolidFireVolumeId}: snapshot on the array {snapshot}");
        screen.Plain($"            volume {volume.SolidFireVolumeId}: restored from copy     {copy}");
        File.Delete(restored);
        return snapshot == copy ? [location, manifest] : throw Wrong($"The copy of volume {volume.SolidFireVolumeId} differs from the array's snapshot.", copies.Latest, vhd);
    }

    private async Task CheckLeftoversAsync(Inventory before, IReadOnlyCollection<string> keeps, CancellationToken cancellation)
    {
        var after = await _control.InventoryAsync(cancellation);
        var left = Leftovers.Find(before, after, await world.Secondary.NamesAsync(cancellation), keeps.ToHashSet()).ToArray();
        if (left.Length > 0) throw new LabException("Something is left on array, hosts or store that the request does not keep:", [.. left, .. world.Logs]);
        var (groups, singles) = (Made("solidfire.CreateGroupSnapshot"), Made("solidfire.CreateSnapshot"));
        if (singles != 0 || groups < 1 || (groups > 1 && options.Quiesce == "none")) throw Wrong($"The array made {groups} group snapshots and {singles} single ones; one group was needed.");
        screen.Line($"nothing is left but the VHDs and manifests; the array took both disks with {groups} call (asked from the simulators)");

        int Made(string call) => after.Calls.GetValueOrDefault(call) - before.Calls.GetValueOrDefault(call);
    }

    private LabException Wrong(string message, params string[] files) => new(message, [.. files, .. world.Logs]);
}
