using System.Text;
using System.Text.Json;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.Host.Management;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class StatusJsonTests
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc);

    [Fact]
    public void A_status_has_the_public_names_order_and_date_format()
    {
        var instance = Instance(OrchestrationRuntimeStatus.Completed, input: """{"a":[1,2]}""", output: "42", customStatus: "\"half\"");
        Assert.Equal(
            """{"name":"Sample","instanceId":"id1","runtimeStatus":"Completed","input":{"a":[1,2]},"customStatus":"half","output":42,"createdTime":"2026-01-02T03:04:05Z","lastUpdatedTime":"2026-01-02T03:04:06Z"}""",
            Text(StatusJson.WriteOne(instance, null, new StatusView(true, false))));
    }

    [Fact]
    public void What_is_not_there_is_null_and_what_is_no_json_is_a_string()
    {
        var instance = Instance(OrchestrationRuntimeStatus.Terminated, input: "1", output: "no longer needed");
        Assert.Equal(
            """{"name":"Sample","instanceId":"id1","runtimeStatus":"Terminated","input":null,"customStatus":null,"output":"no longer needed","createdTime":"2026-01-02T03:04:05Z","lastUpdatedTime":"2026-01-02T03:04:06Z"}""",
            Text(StatusJson.WriteOne(instance, null, new StatusView(ShowInput: false, false))));
    }

    [Fact]
    public void The_output_of_a_failed_instance_is_its_failure_as_text()
    {
        var instance = Instance(OrchestrationRuntimeStatus.Failed, failure: new TaskFailureDetails("My.Exception", "disk gone", "at X", null));
        Assert.Contains("\"output\":\"My.Exception: disk gone\"", Text(StatusJson.WriteOne(instance, null, new StatusView(true, false))));
    }

    /// <summary>The history keeps the failure; the call that runs again is there as one that has not ended, until it has.</summary>
    [Fact]
    public void What_a_rewind_has_begun_again_is_shown_as_not_ended_until_it_is()
    {
        HistoryEvent[] failed =
        [
            new OrchestratorStartedEvent { Timestamp = Start },
            new ExecutionStartedEvent { Timestamp = Start, Name = "Sample", OrchestrationInstance = new OrchestrationInstance("id1", "e1") },
            new TaskScheduledEvent { EventId = 0, Timestamp = Start, Name = "First" },
            new TaskScheduledEvent { EventId = 1, Timestamp = Start, Name = "Second" },
            new OrchestratorCompletedEvent { Timestamp = Start },
            new OrchestratorStartedEvent { Timestamp = Start },
            new TaskCompletedEvent { TaskScheduledId = 0, Timestamp = Start },
            new OrchestratorCompletedEvent { Timestamp = Start },
            new OrchestratorStartedEvent { Timestamp = Start },
            new TaskFailedEvent { TaskScheduledId = 1, Timestamp = Start, FailureDetails = new TaskFailureDetails("My.Exception", "disk gone", null, null) },
            new ExecutionCompletedEvent { Timestamp = Start, OrchestrationStatus = OrchestrationRuntimeStatus.Failed },
            new OrchestratorCompletedEvent { Timestamp = Start },
            new ExecutionRewoundEvent { Timestamp = Start, Reason = "mended" },
            new OrchestratorStartedEvent { Timestamp = Start },
        ];
        Assert.Equal(["ExecutionStarted", "Second", "First", "Second: disk gone", "ExecutionCompleted", "ExecutionRewound: mended"], Shown(failed));
        Assert.Equal(
            ["ExecutionStarted", "First", "Second: disk gone", "ExecutionCompleted", "ExecutionRewound: mended", "Second"],
            Shown([.. failed, new TaskCompletedEvent { TaskScheduledId = 1, Timestamp = Start }, new OrchestratorCompletedEvent { Timestamp = Start }]));
    }

    private static string[] Shown(HistoryEvent[] history)
    {
        using var document = JsonDocument.Parse(StatusJson.WriteOne(Instance(OrchestrationRuntimeStatus.Running), history, new StatusView(true, true)));
        return [.. document.RootElement.GetProperty("historyEvents").EnumerateArray().Select(e =>
        {
            string? Member(string name) => e.TryGetProperty(name, out var value) && e.GetProperty("EventType").GetString() != "ExecutionStarted" ? value.GetString() : null;
            var name = Member("FunctionName") ?? Member("Name") ?? e.GetProperty("EventType").GetString()!;
            return Member("Reason") is { } reason ? $"{name}: {reason}" : name;
        })];
    }

    [Fact]
    public void History_is_a_projection_that_merges_what_has_ended()
    {
        HistoryEvent[] history =
        [
            new OrchestratorStartedEvent { Timestamp = Start },
            new ExecutionStartedEvent { Timestamp = Start, Name = "Sample", Input = "{\"a\":1}", OrchestrationInstance = new OrchestrationInstance("id1", "e1") },
            new TaskScheduledEvent { EventId = 0, Timestamp = Start, Name = "First", Input = "\"x\"" },
            new TaskScheduledEvent { EventId = 1, Timestamp = Start, Name = "Second" },
            new SubOrchestrationInstanceCreatedEvent { EventId = 2, Timestamp = Start, Name = "Child", InstanceId = "child1" },
            new TimerCreatedEvent { EventId = 3, Timestamp = Start, FireAt = Start.AddHours(1) },
            new OrchestratorCompletedEvent { Timestamp = Start },
            new TaskCompletedEvent { TaskScheduledId = 0, Timestamp = Start.AddTicks(7), Result = "{\"b\":2}" },
            new SubOrchestrationInstanceCompletedEvent { TaskScheduledId = 2, Timestamp = Start.AddTicks(8), Result = "3" },
            new EventRaisedEvent { Timestamp = Start, Name = "Go", Input = "true" },
        ];
        var instance = Instance(OrchestrationRuntimeStatus.Running);

        Assert.EndsWith(
            """
            "historyEvents":[
            {"EventType":"ExecutionStarted","FunctionName":"Sample","Timestamp":"2026-01-02T03:04:05.6780000Z"},
            {"EventType":"TaskScheduled","Name":"Second","Timestamp":"2026-01-02T03:04:05.6780000Z"},
            {"EventType":"TimerCreated","FireAt":"2026-01-02T04:04:05.6780000Z","Timestamp":"2026-01-02T03:04:05.6780000Z"},
            {"EventType":"TaskCompleted","FunctionName":"First","ScheduledTime":"2026-01-02T03:04:05.6780000Z","Timestamp":"2026-01-02T03:04:05.6780007Z"},
            {"EventType":"SubOrchestrationInstanceCompleted","FunctionName":"Child","InstanceId":"child1","ScheduledTime":"2026-01-02T03:04:05.6780000Z","Timestamp":"2026-01-02T03:04:05.6780008Z"},
            {"EventType":"EventRaised","Name":"Go","Timestamp":"2026-01-02T03:04:05.6780000Z"}]}
            """.Replace("\n", "").Replace("\r", ""),
            Text(StatusJson.WriteOne(instance, history, new StatusView(ShowInput: false, ShowHistoryOutput: false))));

        var full = Text(StatusJson.WriteOne(instance, history, new StatusView(ShowInput: true, ShowHistoryOutput: true)));
        Assert.Contains("""{"EventType":"TaskCompleted","FunctionName":"First","Input":"x","ScheduledTime":"2026-01-02T03:04:05.6780000Z","Result":{"b":2},"Timestamp":""", full);
        Assert.Contains("""{"EventType":"ExecutionStarted","FunctionName":"Sample","Input":{"a":1},""", full);
    }

    [Fact]
    public void A_failed_step_tells_reason_and_details()
    {
        HistoryEvent[] history =
        [
            new TaskScheduledEvent { EventId = 4, Timestamp = Start, Name = "Copy" },
            new TaskFailedEvent
            {
                TaskScheduledId = 4,
                Timestamp = Start,
                FailureDetails = new TaskFailureDetails("My.Exception", "full", "at X", null, new Dictionary<string, object?> { ["code"] = "target.full" }),
            },
            new ExecutionCompletedEvent { Timestamp = Start, OrchestrationStatus = OrchestrationRuntimeStatus.Failed },
        ];
        var json = Text(StatusJson.WriteOne(Instance(OrchestrationRuntimeStatus.Failed), history, new StatusView(false, true)));
        Assert.Contains(
            """
            {"EventType":"TaskFailed","FunctionName":"Copy","ScheduledTime":"2026-01-02T03:04:05.6780000Z","Reason":"full","Details":"at X","FailureDetails":{"ErrorType":"My.Exception","ErrorMessage":"full","StackTrace":"at X","Properties":{"code":"target.full"}},"Timestamp":
            """.Trim(),
            json);
        Assert.Contains("""{"EventType":"ExecutionCompleted","OrchestrationStatus":"Failed","Result":null,""", json);
    }

    private static OrchestrationMetadata Instance(
        OrchestrationRuntimeStatus status, string? input = null, string? output = null, string? customStatus = null, TaskFailureDetails? failure = null) => new("Sample", "id1")
        {
            RuntimeStatus = status,
            CreatedAt = new DateTimeOffset(Start),
            LastUpdatedAt = new DateTimeOffset(Start.AddSeconds(1)),
            SerializedInput = input,
            SerializedOutput = output,
            SerializedCustomStatus = customStatus,
            FailureDetails = failure,
        };

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
