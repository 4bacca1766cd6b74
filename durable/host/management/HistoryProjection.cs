using System.Globalization;
using System.Text.Json;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>
/// The history as the management API shows it: turns are left out, a scheduled activity or child is merged into its end, ids that link events are
/// dropped. What has not ended yet stays in the list and carries <c>Name</c> instead of <c>FunctionName</c>.
/// </summary>
internal static class HistoryProjection
{
    public static void Write(Utf8JsonWriter writer, IEnumerable<HistoryEvent> history, StatusView view)
    {
        var events = history as IReadOnlyList<HistoryEvent> ?? [.. history];
        var ended = events.Select(EndedId).OfType<int>().ToHashSet();
        var again = BegunAgain(events, ended);
        var scheduled = new Dictionary<int, HistoryEvent>();
        writer.WriteStartArray();
        foreach (var e in events)
        {
            if (IsScheduled(e))
            {
                scheduled[e.EventId] = e;
            }

            var merged = IsScheduled(e) && ended.Contains(e.EventId) && !again.Contains(e);
            if (!merged && e is not (OrchestratorStartedEvent or OrchestratorCompletedEvent))
            {
                writer.WriteStartObject();
                writer.WriteString("EventType", e.EventType.ToString());
                WriteMembers(writer, e, EndedId(e) is { } id ? scheduled.GetValueOrDefault(id) : null, view);
                writer.WriteString("Timestamp", Time(e.Timestamp));
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
    }

    /// <summary>What a rewind has begun again and has not ended since: it failed, and yet stays.</summary>
    private static HashSet<HistoryEvent> BegunAgain(IReadOnlyList<HistoryEvent> events, HashSet<int> ended)
    {
        var rewound = RewoundHistory.View(events);
        if (ReferenceEquals(rewound, events))
        {
            return [];
        }

        var over = rewound.Select(EndedId).OfType<int>().ToHashSet();
        return rewound.Where(e => IsScheduled(e) && ended.Contains(e.EventId) && !over.Contains(e.EventId)).ToHashSet<HistoryEvent>(ReferenceEqualityComparer.Instance);
    }

    private static bool IsScheduled(HistoryEvent e) => e is TaskScheduledEvent or SubOrchestrationInstanceCreatedEvent or EntityOperationCalledEvent or EntityLockRequestedEvent;

    private static int? EndedId(HistoryEvent e) => e switch
    {
        EntityOperationCompletedEvent completed => completed.TaskScheduledId,
        EntityOperationFailedEvent failed => failed.TaskScheduledId,
        EntityLockGrantedEvent granted => granted.TaskScheduledId,
        TaskCompletedEvent completed => completed.TaskScheduledId,
        TaskFailedEvent failed => failed.TaskScheduledId,
        SubOrchestrationInstanceCompletedEvent completed => completed.TaskScheduledId,
        SubOrchestrationInstanceFailedEvent failed => failed.TaskScheduledId,
        _ => null,
    };

    private static void WriteMembers(Utf8JsonWriter writer, HistoryEvent e, HistoryEvent? origin, StatusView view)
    {
        switch (e)
        {
            case ExecutionStartedEvent started:
                writer.WriteString("FunctionName", started.Name);
                WriteInput(writer, started.Input, view);
                if (started.ScheduledStartTime is { } start)
                {
                    writer.WriteString("ScheduledStartTime", Time(start));
                }

                break;
            case ExecutionCompletedEvent completed:
                writer.WriteString("OrchestrationStatus", completed.OrchestrationStatus.ToString());
                WriteResult(writer, completed.Result, view);
                WriteFailure(writer, completed.FailureDetails);
                break;
            case ContinueAsNewEvent next:
                WriteResult(writer, next.Result, view);
                break;
            case ExecutionTerminatedEvent terminated:
                StatusJson.WriteToken(writer, "Input", terminated.Input);
                break;
            case ExecutionSuspendedEvent suspended:
                writer.WriteString("Reason", suspended.Reason);
                break;
            case ExecutionRewoundEvent rewound:
                writer.WriteString("Reason", rewound.Reason);
                break;
            case ExecutionResumedEvent resumed:
                writer.WriteString("Reason", resumed.Reason);
                break;
            case TaskScheduledEvent task:
                writer.WriteString("Name", task.Name);
                WriteInput(writer, task.Input, view);
                break;
            case SubOrchestrationInstanceCreatedEvent child:
                writer.WriteString("Name", child.Name);
                writer.WriteString("InstanceId", child.InstanceId);
                WriteInput(writer, child.Input, view);
                break;
            case TaskCompletedEvent completed:
                WriteOrigin(writer, origin, view);
                WriteResult(writer, completed.Result, view);
                break;
            case SubOrchestrationInstanceCompletedEvent completed:
                WriteOrigin(writer, origin, view);
                WriteResult(writer, completed.Result, view);
                break;
            case TaskFailedEvent failed:
                WriteOrigin(writer, origin, view);
                WriteFailed(writer, failed.FailureDetails);
                break;
            case SubOrchestrationInstanceFailedEvent failed:
                WriteOrigin(writer, origin, view);
                WriteFailed(writer, failed.FailureDetails);
                break;
            case EntityOperationCompletedEvent completed:
                WriteOrigin(writer, origin, view);
                WriteResult(writer, completed.Output, view);
                break;
            case EntityOperationFailedEvent failed:
                WriteOrigin(writer, origin, view);
                WriteFailed(writer, failed.FailureDetails);
                break;
            case EntityOperationCalledEvent called:
                writer.WriteString("InstanceId", called.TargetInstanceId);
                writer.WriteString("Name", called.Operation);
                WriteInput(writer, called.Input, view);
                break;
            case EntityOperationSignaledEvent signaled:
                writer.WriteString("InstanceId", signaled.TargetInstanceId);
                writer.WriteString("Name", signaled.Operation);
                WriteInput(writer, signaled.Input, view);
                break;
            case EntityLockRequestedEvent requested:
                WriteLockSet(writer, requested);
                break;
            case EntityLockGrantedEvent:
                WriteOrigin(writer, origin, view);
                break;
            case EntityUnlockSentEvent unlocked:
                writer.WriteString("InstanceId", unlocked.TargetInstanceId);
                break;
            case TimerCreatedEvent timer:
                writer.WriteString("FireAt", Time(timer.FireAt));
                break;
            case TimerFiredEvent timer:
                writer.WriteString("FireAt", Time(timer.FireAt));
                break;
            case EventSentEvent sent:
                writer.WriteString("InstanceId", sent.InstanceId);
                writer.WriteString("Name", sent.Name);
                WriteInput(writer, sent.Input, view);
                break;
            case EventRaisedEvent raised:
                writer.WriteString("Name", raised.Name);
                WriteInput(writer, raised.Input, view);
                break;
        }
    }

    private static void WriteOrigin(Utf8JsonWriter writer, HistoryEvent? origin, StatusView view)
    {
        switch (origin)
        {
            case TaskScheduledEvent task:
                writer.WriteString("FunctionName", task.Name);
                WriteInput(writer, task.Input, view);
                break;
            case SubOrchestrationInstanceCreatedEvent child:
                writer.WriteString("FunctionName", child.Name);
                writer.WriteString("InstanceId", child.InstanceId);
                WriteInput(writer, child.Input, view);
                break;
            case EntityOperationCalledEvent called:
                writer.WriteString("FunctionName", called.Operation);
                writer.WriteString("InstanceId", called.TargetInstanceId);
                WriteInput(writer, called.Input, view);
                break;
            case EntityLockRequestedEvent requested:
                WriteLockSet(writer, requested);
                break;
            default:
                return;
        }

        writer.WriteString("ScheduledTime", Time(origin.Timestamp));
    }

    private static void WriteLockSet(Utf8JsonWriter writer, EntityLockRequestedEvent requested)
    {
        writer.WriteStartArray("LockSet");
        foreach (var entity in requested.LockSet)
        {
            writer.WriteStringValue(entity);
        }

        writer.WriteEndArray();
    }

    private static void WriteInput(Utf8JsonWriter writer, string? input, StatusView view)
    {
        if (view.ShowInput)
        {
            StatusJson.WriteToken(writer, "Input", input);
        }
    }

    private static void WriteResult(Utf8JsonWriter writer, string? result, StatusView view)
    {
        if (view.ShowHistoryOutput)
        {
            StatusJson.WriteToken(writer, "Result", result);
        }
    }

    private static void WriteFailed(Utf8JsonWriter writer, TaskFailureDetails? failure)
    {
        writer.WriteString("Reason", failure?.ErrorMessage);
        writer.WriteString("Details", failure?.StackTrace);
        WriteFailure(writer, failure);
    }

    private static void WriteFailure(Utf8JsonWriter writer, TaskFailureDetails? failure, string name = "FailureDetails")
    {
        if (failure is null)
        {
            return;
        }

        writer.WriteStartObject(name);
        writer.WriteString("ErrorType", failure.ErrorType);
        writer.WriteString("ErrorMessage", failure.ErrorMessage);
        writer.WriteString("StackTrace", failure.StackTrace);
        WriteFailure(writer, failure.InnerFailure, "InnerFailure");
        if (failure.Properties is { Count: > 0 } properties)
        {
            writer.WritePropertyName("Properties");
            JsonSerializer.Serialize(writer, properties);
        }

        writer.WriteEndObject();
    }

    private static string Time(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
