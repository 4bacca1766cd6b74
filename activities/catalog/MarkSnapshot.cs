using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>
/// Changes one thing in the snapshot's row. A row that is not there is nothing to change: it comes with the next rebuild. That a copy is damaged is noted beside its manifest too, and taken away there when it was proven whole:
/// a ledger from before the damage must not count it as good. A store that takes no note changes nothing here: the row tells it, and the next reading notes it again. What went wrong with a copy is logged too, again by each attempt.
/// Whether it is held is the store's to say: of a hold and a release that overtake one another the row follows what stands there, and not who wrote last.
/// </summary>
[DurableTask(StepNames.MarkSnapshot)]
public sealed partial class MarkSnapshot(SnapshotIndex index, SecondaryDestinations destinations, ILogger<MarkSnapshot> logger, IActivityExecution execution) : StepActivity<MarkSnapshotInput, bool>(execution)
{
    /// <summary>The workflow that holds and releases.</summary>
    private const string Hold = "HoldSnapshot";

    protected override async Task<bool> ExecuteAsync(MarkSnapshotInput input, CancellationToken cancellation)
    {
        var changed = await ChangeAsync(input, cancellation);
        if (input.Notice is { } notice)
        {
            if (input.DamagedAt is not null) Damaged(logger, input.Snapshot.Uuid, notice.Code, notice.Message);
            else NotDone(logger, notice.Step, input.Snapshot.Uuid, notice.Code, notice.Message);
        }

        if ((input.LastProven ?? input.DamagedAt) is null || index.Find(input.Snapshot) is not { Status: { Manifest: { } manifest, Destination: { } destination } }) return changed;
        try
        {
            await NoteAsync(destinations.Get(destination).Store, input, manifest, cancellation);
        }
        catch (SecondaryStoreException refused)
        {
            NotNoted(logger, refused, input.Snapshot.Uuid, destination);
        }

        return changed;
    }

    /// <summary>Looked at once more after it was written: whoever puts or removes a hold in between marks the row after that.</summary>
    private async Task<bool> ChangeAsync(MarkSnapshotInput input, CancellationToken cancellation)
    {
        if (input.Held is null || index.Find(input.Snapshot) is not { Status: { Manifest: { } manifest, Destination: { } destination } }) return Change(input);
        var (store, hold) = (destinations.Get(destination).Store, SnapshotLocations.Hold(SnapshotLocations.AddressOf(manifest)));
        for (var held = await IsHeldAsync(); ;)
        {
            var changed = Change(input with { Held = held });
            if (await IsHeldAsync() is var now && now == held) return changed;
            held = now;
        }

        // A store that lost sight of the copy says nothing of a hold.
        async Task<bool> IsHeldAsync() => await store.FindAsync(hold, cancellation) is not null || (await store.FindAsync(manifest, cancellation) is null && input.Held.Value);
    }

    private bool Change(MarkSnapshotInput input) => index.Change(input.Snapshot, row => row with
    {
        Held = input.Held ?? row.Held,
        DeletedAt = input.DeletedAt ?? row.DeletedAt,
        LastProven = input.LastProven ?? row.LastProven,
        DamagedAt = input.LastProven is null ? input.DamagedAt ?? row.DamagedAt : null,
        VerifyTriedAt = input.LastProven is null && input.DamagedAt is null ? input.VerifyTriedAt ?? row.VerifyTriedAt : null,
        Notice = NoticeAfter(input, row),
        Status = row.Status with { State = input.State ?? row.Status.State, OccupiedBytes = input.OccupiedBytes ?? row.Status.OccupiedBytes },
    });

    /// <summary>A proof and another state end what was wrong before. A hold that is done ends what kept it from being done; that of a damaged copy leaves word of the damage.</summary>
    private static StepNotice? NoticeAfter(MarkSnapshotInput input, SnapshotRow row)
    {
        if (input.LastProven is not null || input.State is not null) return input.Notice;
        if (input.Held is not null && row.Notice?.Step == Hold) return null;
        return input.Notice?.Step == Hold && row is { DamagedAt: not null, Notice: not null } ? row.Notice : input.Notice ?? row.Notice;
    }

    private async Task NoteAsync(ISecondaryStore store, MarkSnapshotInput input, string manifest, CancellationToken cancellation)
    {
        var damaged = SnapshotLocations.Damaged(SnapshotLocations.AddressOf(manifest));
        if (input.LastProven is not null)
        {
            await store.DeleteAsync(damaged, cancellation);
        }
        else if (await store.FindAsync(manifest, cancellation) is not null)
        {
            var copy = new StoredCopy(input.Snapshot, store.Name, manifest, "", "", DataBytes: 0, new ArrayVolume("", 0));
            await store.PutAsync(damaged, new StoredMark(StoredMark.CurrentFormatVersion, copy, "verification", Reason: null) { Instance = Execution.InstanceId }.Write(), cancellation);
        }
    }

    [LoggerMessage(EventId = 3142, Level = LogLevel.Warning, Message = "That snapshot {Snapshot} was found damaged, or whole again, could not be noted on {Destination}; the catalog tells it")]
    private static partial void NotNoted(ILogger logger, Exception refused, string snapshot, string destination);

    [LoggerMessage(EventId = 3151, Level = LogLevel.Error, Message = "The copy of snapshot {Snapshot} is damaged, {Code}: {Why}")]
    private static partial void Damaged(ILogger logger, string snapshot, string code, string why);

    [LoggerMessage(EventId = 3152, Level = LogLevel.Warning, Message = "{Workflow} of snapshot {Snapshot} was not done, {Code}: {Why}")]
    private static partial void NotDone(ILogger logger, string workflow, string snapshot, string code, string why);
}
