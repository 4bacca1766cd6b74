using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

internal sealed class Counter(Journal journal) : TaskEntity<int>
{
    public int Add(int amount)
    {
        journal.Write($"{Context.Id} +{amount}");
        return State += amount;
    }

    public int Get() => State;

    public async Task<int> AddSlowly(int amount)
    {
        await Task.Yield();
        return State += amount;
    }

    public ValueTask<string> Describe(TaskEntityContext context, string? prefix = "at") => ValueTask.FromResult($"{prefix} {context.Id} {State}");

    /// <summary>Changes, sends, starts, and then throws: nothing of it may be seen.</summary>
    public void Break(string other)
    {
        State = 999;
        Context.SignalEntity(EntityInstanceId.FromString(other), "add", 1);
        Context.ScheduleNewOrchestration("FiveSteps", null, new StartOrchestrationOptions("never"));
        throw new InvalidDataException("broken");
    }

    public void Pass(string other)
    {
        State--;
        Context.SignalEntity(EntityInstanceId.FromString(other), "add", 1);
    }

    public string Begin() => Context.ScheduleNewOrchestration("FiveSteps", null, new StartOrchestrationOptions("begun"));
}

/// <summary>Operations are found on the state.</summary>
internal sealed class Box : TaskEntity<BoxState>
{
    protected override bool AllowStateDispatch => true;
}

internal sealed class BoxState
{
    public List<string> Items { get; init; } = [];

    public void Put(string item) => Items.Add(item);

    public int Count() => Items.Count;
}
