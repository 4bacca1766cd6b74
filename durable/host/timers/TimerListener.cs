using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host.Functions;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>
/// Runs one timer function, one call at a time: an occurrence that falls into a running call is not run. A run missed while the host
/// was down, however many occurrences it spans, is made up for once, with IsPastDue.
/// </summary>
internal sealed partial class TimerListener(TimerFunction function, TimerMonitor monitor, IServiceScopeFactory scopes, TimeProvider time, ILogger logger)
{
    /// <summary>Timers of the platform take at most some 49 days; and a clock that is set is noticed within this time.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    public async Task RunAsync(CancellationToken stopping)
    {
        var status = Begin(out var missed);
        if (missed || function.RunOnStartup)
        {
            status = await FireAsync(status, missed, Now, stopping);
        }

        while (!stopping.IsCancellationRequested && status.Next < DateTime.MaxValue.AddDays(-1))
        {
            var left = status.Next - Now;
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left < LongestWait ? left : LongestWait, time, stopping);
                continue;
            }

            status = await FireAsync(status, pastDue: false, status.Next, stopping);
        }
    }

    private ScheduleStatus Begin(out bool missed)
    {
        var now = Now;
        missed = false;
        if (function.UseMonitor && monitor.Find(function.Method.Name) is { } kept)
        {
            // From the times, not from the kept Next: the schedule may have been changed since.
            var since = kept.Last > kept.LastUpdated ? kept.Last : kept.LastUpdated;
            var due = function.Schedule.Next(since);
            missed = due <= now;
            return new ScheduleStatus { Last = kept.Last, LastUpdated = kept.LastUpdated, Next = due };
        }

        var fresh = new ScheduleStatus { Next = function.Schedule.Next(now), LastUpdated = now };
        Keep(fresh);
        return fresh;
    }

    private async Task<ScheduleStatus> FireAsync(ScheduleStatus status, bool pastDue, DateTime occurrence, CancellationToken stopping)
    {
        var info = new TimerInfo { IsPastDue = pastDue, ScheduleStatus = function.UseMonitor ? status : null };
        var started = time.GetTimestamp();
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await function.Method.InvokeAsync(new FunctionInvocation(scope.ServiceProvider, null, info, stopping));
            LogExecuted(logger, function.Method.Name, pastDue, time.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Not kept as run: it is past due at the next start.
            throw;
        }
        catch (Exception e)
        {
            // As in Functions: a failed run is not repeated, the schedule goes on.
            LogFailed(logger, e, function.Method.Name);
        }

        // A clock that was set back must not make the same occurrence due again.
        var now = Now;
        var after = now > occurrence ? now : occurrence;
        var next = new ScheduleStatus { Last = after, LastUpdated = after, Next = function.Schedule.Next(after) };
        Keep(next);
        return next;
    }

    private void Keep(ScheduleStatus status)
    {
        if (function.UseMonitor)
        {
            monitor.Keep(function.Method.Name, status);
        }
    }

    [LoggerMessage(EventId = 5201, Level = LogLevel.Information, Message = "{Function} ran by its schedule (past due: {PastDue}) in {Milliseconds:0.0} ms")]
    private static partial void LogExecuted(ILogger logger, string function, bool pastDue, double milliseconds);

    [LoggerMessage(EventId = 5202, Level = LogLevel.Error, Message = "{Function} failed; it runs again at its next occurrence")]
    private static partial void LogFailed(ILogger logger, Exception exception, string function);
}
