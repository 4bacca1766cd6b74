using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Execution;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

internal sealed class Step(Journal journal, IActivityExecution execution) : TaskActivity<string, string>
{
    public override Task<string> RunAsync(TaskActivityContext context, string input)
    {
        journal.Write($"{input}#{execution.Attempt}");
        return Task.FromResult(input + "!");
    }
}

/// <summary>Fails as often as told, then succeeds.</summary>
internal sealed class Flaky(Journal journal) : TaskActivity<int, string>
{
    public override Task<string> RunAsync(TaskActivityContext context, int input)
    {
        journal.Write("flaky");
        return journal.Lines.Count(line => line == "flaky") <= input ? throw new InvalidDataException("not yet") : Task.FromResult("at last");
    }
}

/// <summary>Works for hours of fake time, until it is cancelled; says so when it has returned.</summary>
internal sealed class LongCopy(Journal journal, IActivityExecution execution, TimeProvider time) : TaskActivity<string?, string>
{
    public override async Task<string> RunAsync(TaskActivityContext context, string? input)
    {
        journal.Write("copy begins");
        try
        {
            for (var hour = 0; hour < 100; hour++)
            {
                await execution.ReportProgressAsync(new { hour });
                await Task.Delay(TimeSpan.FromSeconds(10), time, execution.CancellationToken);
            }
            return "copied";
        }
        finally
        {
            journal.Write("copy has returned");
        }
    }
}

/// <summary>A call of its own is not given up because of a wish to cancel, only because nobody waits for it any more.</summary>
internal sealed class Answered(Journal journal, IActivityExecution execution, TimeProvider time) : TaskActivity<string?, string>
{
    public override async Task<string> RunAsync(TaskActivityContext context, string? input)
    {
        var wish = Task.Delay(TimeSpan.FromHours(1), time, execution.CancellationToken);
        journal.Write("asks");
        await Task.WhenAny(wish);
        journal.Write($"wish {execution.CancellationToken.IsCancellationRequested}, stop {execution.StopToken.IsCancellationRequested}");
        await Task.WhenAny(Task.Delay(TimeSpan.FromHours(1), time, execution.StopToken));
        journal.Write($"stop {execution.StopToken.IsCancellationRequested}");
        return "answered";
    }
}

internal sealed class FiveSteps : TaskOrchestrator<string?, string>
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context, string? input)
    {
        var results = new List<string>();
        for (var step = 1; step <= 5; step++)
            results.Add(await context.CallActivityAsync<string>(nameof(Step), $"step{step}"));
        return string.Join(' ', results);
    }
}

internal sealed class FanOut : TaskOrchestrator<int, int>
{
    public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
    {
        var all = await Task.WhenAll(Enumerable.Range(0, input).Select(one => context.CallActivityAsync<string>(nameof(Step), $"one{one}")));
        return all.Length;
    }
}

internal sealed class Sleeper : TaskOrchestrator<TimeSpan, DateTime>
{
    public override async Task<DateTime> RunAsync(TaskOrchestrationContext context, TimeSpan input)
    {
        await context.CreateTimer(input, CancellationToken.None);
        return context.CurrentUtcDateTime;
    }
}

internal sealed class Retrying : TaskOrchestrator<int, string>
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context, int input)
    {
        var began = context.CurrentUtcDateTime;
        var policy = new RetryPolicy(4, TimeSpan.FromMinutes(1), 2, TimeSpan.FromMinutes(3)) { HandleFailure = failure => failure.IsCausedBy<InvalidDataException>() };
        var result = await context.CallActivityAsync<string>(nameof(Flaky), input, TaskOptions.FromRetryPolicy(policy));
        return $"{result} after {(context.CurrentUtcDateTime - began).TotalMinutes:0} min";
    }
}

internal sealed class Cancellable : TaskOrchestrator<bool, string>
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context, bool input)
    {
        var cancel = context.WaitForExternalEvent<string>("Cancel");
        var options = new TaskOptions(
            input ? new TaskRetryOptions(new RetryPolicy(3, TimeSpan.FromMinutes(1))) : null,
            new Dictionary<string, string> { [ActivityTags.CancelOnEvent] = "Cancel" });
        try
        {
            return await context.CallActivityAsync<string>(nameof(LongCopy), null, options);
        }
        catch (TaskFailedException failure) when (failure.FailureDetails.IsCausedBy<OperationCanceledException>())
        {
            await context.CallActivityAsync<string>(nameof(Step), "undo");
            return $"cancelled by {await cancel}";
        }
    }
}
