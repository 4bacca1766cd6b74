using SnapshotWorkflows.Lab.Image;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>How a run ended well.</summary>
internal sealed record Outcome(string Sha256, double StalledMs, SnapshotStatus Status, string Vhd, string Manifest);

/// <summary>
/// The main job, once: a volume of a running guest becomes a verified copy on secondary storage. Everything that is claimed is checked
/// against the simulators and by the prover, not believed from the product. Anything else than success is a <see cref="LabException"/>.
/// </summary>
internal sealed class SnapshotScenario(LabWorld world, RunOptions options, Screen screen)
{
    private readonly SimulatorControl _control = world.Control;
    private readonly LabApp _app = world.App;

    public async Task<Outcome> RunAsync(ImageManifest image, string imagePath, CancellationToken cancellation)
    {
        var volume = await MakeVolumeAsync(image, imagePath, cancellation);
        var before = await _control.InventoryAsync(cancellation);
        var killer = options is { Kill: true, Restore: false } ? new Killer(options.Seed, KillPlan.Snapshot(options), _app, _control, screen) : null;
        if (killer is not null) await killer.ArmAsync(cancellation);

        var copies = new ArrayCopies(_control, world.Folder, volume.SolidFireVolumeId, before.Solidfire.Snapshots.Select(known => known.Id).ToHashSet(), screen);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watch = copies.WatchAsync(watching.Token);
        var status = await FollowAsync(await PostAsync(volume, cancellation), killer, watch, cancellation);
        await watching.CancelAsync();
        await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (watch.IsFaulted) await watch;

        var location = status.Location ?? throw Wrong("The snapshot is BackedUp, but its status names no location.");
        var vhd = await world.Secondary.FileAsync(location, cancellation) ?? throw Wrong($"The snapshot is BackedUp, but there is no {location} on secondary storage.");
        var sha256 = await ProveAsync(volume, copies.Latest, location, vhd, imagePath + ".json", cancellation);
        var guest = await _control.GuestAsync(cancellation);
        if (!options.Keep) await _control.StopGuestAsync(cancellation);
        screen.Line($"the guest wrote {Mib(guest.BytesWritten)} meanwhile; {guest.Stalls.Count} writes stalled over 5 ms, the longest for {guest.LongestStallMs:0.0} ms");

        var named = status.Manifest ?? throw Wrong("The snapshot is BackedUp, but its status names no manifest.");
        var manifest = await world.Secondary.FileAsync(named, cancellation) ?? throw Wrong($"The snapshot is BackedUp, but there is no manifest {named}.");
        await CheckLeftoversAsync(before, [location, named, .. await OfRepositoryAsync(location, cancellation)], cancellation);
        return new Outcome(sha256, guest.LongestStallMs, status, vhd, manifest);
    }

    private async Task<WorldVolume> MakeVolumeAsync(ImageManifest image, string imagePath, CancellationToken cancellation)
    {
        var volume = await _control.MakeVolumeAsync("data-1", imagePath, cancellation);
        screen.Line($"volume {volume.CloudStackVolumeId} of account {volume.AccountName}: SolidFire volume {volume.SolidFireVolumeId}, one VDI of {Mib(volume.VirtualSize)} in pool {volume.Pool}");
        await _control.StartGuestAsync(volume.VmUuid, options.Seed, image.Scratch.Offset, image.Scratch.Bytes, cancellation);
        await Wait.UntilAsync("The guest writes nothing", async () => (await _control.GuestAsync(cancellation)).Writes > 0, world.Simulators.Process, cancellation);
        screen.Line("its guest is running and keeps writing");
        return volume;
    }

    private async Task<string> PostAsync(WorldVolume volume, CancellationToken cancellation)
    {
        var answer = await _app.Api.PostSnapshotAsync(
            new { volumeId = volume.CloudStackVolumeId, quiesce = options.Quiesce, name = "first", copy = options.Copy ?? (options.Streams ? "stream" : "offload"), format = options.Format }, $"lab-{Guid.NewGuid():N}", cancellation);
        if (answer.Status != 202 || answer["id"] is not { } id) throw Wrong($"POST /api/snapshots answered {answer.Status}: {answer.Body}");
        screen.Line($"POST /api/snapshots {{quiesce: {options.Quiesce}, copy: {(options.Streams ? "stream" : "offload")}, format: {options.Format}}} -> 202 {answer.Location}");
        return id;
    }

    private async Task<SnapshotStatus> FollowAsync(string id, Killer? killer, Task watch, CancellationToken cancellation)
    {
        while (true)
        {
            _app.Process!.ThrowIfExited();
            if (watch.IsFaulted) await watch;
            var status = await _app.Api.FindSnapshotAsync(id, cancellation);
            if (status is not null) Show(status);
            if (status is { Ended: true })
            {
                if (status.Failure is { } failure) throw Wrong($"The snapshot ended as {status.State}: {failure.Code}: {failure.Message} {failure.Remedy}");
                if (status.State != "BackedUp") throw Wrong($"The snapshot ended as {status.State}.");
                if (status.Verified?.Level != "full") throw Wrong($"The copy was verified as '{status.Verified?.Level}', not 'full'.");
                if (killer is { Done: false }) throw Wrong($"The snapshot ended before kill {killer.Kills + 1} of 3 ({killer.Next}).");
                return status;
            }

            if (killer is not null) await killer.StepAsync(status?.Progress, cancellation);
            await Task.Delay(Wait.Pause, cancellation);
        }
    }

    private void Show(SnapshotStatus status)
    {
        var step = status.Step ?? status.Progress?.Step;
        var text = $"{status.State,-16} {step,-22}";
        if (status.Progress is { Bytes: { } bytes, Total: > 0 and var total } progress && progress.Step == step)
        {
            text += $" {Mib(bytes)} of {Mib(total)}";
            if (progress.Rate is > 0 and var rate) text += $", {Mib((long)rate)}/s";
        }

        if (status.Waiting is { } waiting) text += $" waiting: {waiting.Message}";
        screen.Move($"{status.State} {step}", text.TrimEnd());
    }

    /// <summary>Snapshot on the array, copy on secondary storage and restored disk must be one and the same; the live disk must not.</summary>
    private async Task<string> ProveAsync(WorldVolume volume, string snapshotLun, string location, string vhd, string list, CancellationToken cancellation)
    {
        var liveLun = world.Folder.File("live.lun");
        await _control.MaterializeVolumeAsync(volume.SolidFireVolumeId, liveLun, cancellation);
        screen.Line($"proving, with a reader of its own: the array's copy, the {(IsChunks ? "chunks" : "VHD")} restored to a plain file, and the live disk");
        var restored = world.Folder.File("restored.img");
        var snapshot = Proof.HashLunAsync(snapshotLun, cancellation);
        var copy = IsChunks ? RestoreChunksAsync(location, restored, cancellation) : Proof.RestoreAsync(vhd, restored, cancellation);
        await Task.WhenAll(snapshot, copy);
        var live = await Proof.HashLunAsync(liveLun, cancellation);
        screen.Plain($"            snapshot on the array   sha256 {await snapshot}");
        screen.Plain($"            restored from the copy  sha256 {await copy}");
        screen.Plain($"            live disk by now        sha256 {live}");
        if (await snapshot != await copy) throw Wrong("The copy on secondary storage differs from the array's snapshot.", snapshotLun, vhd, restored);
        if (live == await snapshot) throw Wrong("The live disk has not moved on since the snapshot: this run proves nothing about the instant.", liveLun);
        var files = await Proof.CompareFilesAsync(restored, list, cancellation);
        screen.Line($"{files} files inside the restored disk have the content that was put there");
        return await snapshot;
    }

    private bool IsChunks => options.Format == "chunks";

    /// <summary>A plain copy of the repository that the location lies in, and the disk out of it.</summary>
    private async Task<string> RestoreChunksAsync(string location, string target, CancellationToken cancellation)
    {
        var prefix = RepositoryOf(location);
        var plain = world.Folder.MakeFolder("repository");
        foreach (var name in (await world.Secondary.NamesAsync(cancellation)).Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var path = Path.Combine(plain, name[prefix.Length..]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(await world.Secondary.FileAsync(name, cancellation) ?? throw Wrong($"{name} vanished from secondary storage."), path);
        }

        var session = Path.GetFileName(Path.GetDirectoryName(location)!);
        IReadOnlyList<string> key = world.ChunkKey is { } secret ? [LabWorld.ChunkKeyId, Convert.ToHexStringLower(secret)] : [];
        return await Proof.RestoreChunksAsync(plain, session[..session.LastIndexOf('.')], target, key, cancellation);
    }

    /// <summary>What the repository keeps of this snapshot. Packs of a killed attempt that the last one did not need stay until its next collection.</summary>
    private async Task<IEnumerable<string>> OfRepositoryAsync(string location, CancellationToken cancellation)
    {
        if (!IsChunks) return [];
        var session = Path.GetFileName(Path.GetDirectoryName(location)!);
        var prefix = RepositoryOf(location);
        return (await world.Secondary.NamesAsync(cancellation)).Where(name => name == prefix + "repository" || (world.ChunkKey is not null && name == $"{prefix}keys/{LabWorld.ChunkKeyId}") || (name.StartsWith(prefix, StringComparison.Ordinal) && name.Split('/').Contains(session)));
    }

    // PREFIX/sessions/SESSION/end
    private static string RepositoryOf(string location) => location[..location.IndexOf("sessions/", StringComparison.Ordinal)];

    private async Task CheckLeftoversAsync(Inventory before, IReadOnlyCollection<string> keeps, CancellationToken cancellation)
    {
        var after = await _control.InventoryAsync(cancellation);
        var left = Leftovers.Find(before, after, await world.Secondary.NamesAsync(cancellation), keeps.ToHashSet()).ToArray();
        if (left.Length > 0) throw new LabException("Something is left on array, hosts or store that the request does not keep:", [.. left, .. world.Logs]);
        screen.Line("nothing is left on array, hosts and store but the VHD and its manifest (asked from the simulators)");

        // A freeze that did not hold is taken again by design; without one, a second snapshot or clone means that a crash was not survived.
        var snapshots = Made("solidfire.CreateSnapshot");
        var clones = Made("solidfire.CloneVolume");
        if (clones != 1 || snapshots < 1 || (snapshots > 1 && options.Quiesce == "none")) throw Wrong($"The array made {snapshots} snapshots and {clones} clones; one of each was needed.");
        screen.Line($"the array made {snapshots} snapshot and {clones} clone in all");

        int Made(string call) => after.Calls.GetValueOrDefault(call) - before.Calls.GetValueOrDefault(call);
    }

    private LabException Wrong(string message, params string[] files) => new(message, [.. files, .. world.Logs]);

    private static string Mib(long bytes) => $"{bytes / 1048576.0:#,0.0} MiB";
}
