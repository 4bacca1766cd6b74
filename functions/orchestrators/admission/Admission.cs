namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// The gate before everything that works on arrays, hosts and stores: one entity, so that its decisions are one after another and survive whatever dies. A workflow that has to wait
/// is told by an orchestration of one line, for an entity cannot raise events itself.
/// </summary>
[DurableTask(AdmissionEntity.Name)]
public sealed class Admission(TimeProvider time) : TaskEntity<AdmissionState>
{
#pragma warning disable RS0030 // Banned for orchestrators, which are replayed. An entity's operation is not: it is run, and its state is kept.
    private DateTimeOffset Now => time.GetUtcNow();
#pragma warning restore RS0030

    public AdmissionAnswer Ask(AdmissionRequest request)
    {
        var now = Now;
        Settle(AdmissionQueue.Ask(State, request, now), asked: request);
        return AdmissionQueue.Answer(State, request, now);
    }

    /// <summary>Gives everything of a workflow back; nothing to give back is success.</summary>
    public bool Release(string instance)
    {
        Settle(AdmissionQueue.Release(State, instance, Now));
        return true;
    }

    /// <summary>Gives back what a workflow needs no more; nothing to give back is success.</summary>
    public bool Reduce(AdmissionReduction reduction)
    {
        Settle(AdmissionQueue.Reduce(State, reduction, Now));
        return true;
    }

    /// <summary>Whether anything may begin now.</summary>
    public AdmissionAnswer HeldUp() => AdmissionQueue.HeldUp(State, Now);

    public void Configure(AdmissionLimits limits)
    {
        State = State with { Limits = limits };
        Reconsider();
    }

    public void Pause(AdmissionPause pause) => State = State with { Paused = State.Paused ?? pause };

    public void Resume()
    {
        State = State with { Paused = null };
        Reconsider();
    }

    public void AddWindow(MaintenanceWindow window)
    {
        State = State with { Windows = [.. State.Windows.Where(other => other != window), window] };

        // At its end those who wait are let in; nobody else would ask before.
        Context.SignalEntity(AdmissionEntity.Id, AdmissionEntity.Reconsider, input: null, new SignalEntityOptions { SignalTime = window.Until });
    }

    public void ClearWindows()
    {
        State = State with { Windows = [] };
        Reconsider();
    }

    public void Reconsider() => Settle(AdmissionQueue.Grant(State, Now));

    protected override AdmissionState InitializeState(TaskEntityOperation entityOperation) => new();

    private void Settle((AdmissionState State, IReadOnlyList<AdmissionRequest> Granted) decided, AdmissionRequest? asked = null)
    {
        State = decided.State;
        foreach (var granted in decided.Granted.Where(granted => granted != asked)) Context.ScheduleNewOrchestration(nameof(AdmissionNotice), granted);
    }
}
