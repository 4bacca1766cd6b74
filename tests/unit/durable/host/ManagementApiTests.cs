using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using SnapshotWorkflows.Durable.Client;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class ManagementApiTests
{
    [Fact]
    public async Task An_instance_is_started_watched_told_and_read()
    {
        await using var host = await ManagementHost.StartAsync(durableTask: """{"hubName":"MyHub"}""");
        var started = await host.PostAsync("/orchestrators/Waiter/one", "\"in\"");
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(10), started.Headers.RetryAfter?.Delta);
        var payload = await ManagementHost.JsonAsync(started);
        var origin = host.Host.Address.GetLeftPart(UriPartial.Authority) + ManagementHost.Base;
        var query = $"taskHub=MyHub&connection=Storage&code={host.Host.SystemKey}";
        Assert.Equal("one", payload.GetProperty("id").GetString());
        Assert.Equal($"{origin}/instances/one?{query}", payload.GetProperty("statusQueryGetUri").GetString());
        Assert.Equal($"{origin}/instances/one/raiseEvent/{{eventName}}?{query}", payload.GetProperty("sendEventPostUri").GetString());
        Assert.Equal($"{origin}/instances/one/terminate?reason={{text}}&{query}", payload.GetProperty("terminatePostUri").GetString());
        Assert.Equal($"{origin}/instances/one?{query}", payload.GetProperty("purgeHistoryDeleteUri").GetString());
        Assert.Equal($"{origin}/instances/one/suspend?reason={{text}}&{query}", payload.GetProperty("suspendPostUri").GetString());
        Assert.Equal($"{origin}/instances/one/resume?reason={{text}}&{query}", payload.GetProperty("resumePostUri").GetString());
        Assert.Equal(payload.GetProperty("statusQueryGetUri").GetString(), started.Headers.Location?.OriginalString);

        await host.StatusBecomesAsync("one", "Running");
        var running = await host.Host.Client.GetAsync(payload.GetProperty("statusQueryGetUri").GetString());
        Assert.Equal(HttpStatusCode.Accepted, running.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), running.Headers.RetryAfter?.Delta);
        Assert.Equal(payload.GetProperty("statusQueryGetUri").GetString(), running.Headers.Location?.OriginalString);
        Assert.Matches(
            new Regex("""^{"name":"Waiter","instanceId":"one","runtimeStatus":"Running","input":"in","customStatus":{"step":"waiting"},"output":null,"createdTime":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","lastUpdatedTime":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}$"""),
            await running.Content.ReadAsStringAsync());

        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/one/raiseEvent/Go", "\"hello\"")).StatusCode);
        await host.EndedAsync("one");
        var ended = await host.GetAsync("/instances/one?showHistory=true&SHOWHISTORYOUTPUT=true&showInput=false");
        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
        var status = await ManagementHost.JsonAsync(ended);
        Assert.Equal("HELLO", status.GetProperty("output").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, status.GetProperty("input").ValueKind);
        Assert.Equal(
            ["ExecutionStarted", "EventRaised", "TaskCompleted", "ExecutionCompleted"],
            status.GetProperty("historyEvents").EnumerateArray().Select(e => e.GetProperty("EventType").GetString()!));
        var task = status.GetProperty("historyEvents")[2];
        Assert.Equal("Upper", task.GetProperty("FunctionName").GetString());
        Assert.Equal("HELLO", task.GetProperty("Result").GetString());
        Assert.Matches(@"\.\d{7}Z$", task.GetProperty("ScheduledTime").GetString());
        Assert.False((await host.StatusAsync("one")).TryGetProperty("historyEvents", out _));
    }

    [Fact]
    public async Task A_failed_instance_is_200_or_500_as_the_caller_asks()
    {
        await using var host = await ManagementHost.StartAsync();
        await host.StartInstanceAsync("Failing", "copy", "bad");
        await host.EndedAsync("bad");
        var plain = await host.GetAsync("/instances/bad");
        Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
        var status = await ManagementHost.JsonAsync(plain);
        Assert.Equal("Failed", status.GetProperty("runtimeStatus").GetString());
        Assert.Contains("cannot copy", status.GetProperty("output").GetString());

        var strict = await host.GetAsync("/instances/bad?returnInternalServerErrorOnFailure=TRUE");
        Assert.Equal(HttpStatusCode.InternalServerError, strict.StatusCode);
        Assert.Equal(status.GetRawText(), (await ManagementHost.JsonAsync(strict)).GetRawText());
    }

    [Fact]
    public async Task What_is_not_there_is_404_and_what_has_ended_is_410()
    {
        await using var host = await ManagementHost.StartAsync();
        await (await host.GetAsync("/instances/none")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instance.missing");
        await (await host.DeleteAsync("/instances/none")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instance.missing");
        await host.StartInstanceAsync("Echo", "x", "done");
        await host.EndedAsync("done");
        foreach (var command in new[] { "terminate", "suspend", "resume", "raiseEvent/Go" })
        {
            await (await host.PostAsync($"/instances/none/{command}", "1")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instance.missing");
            var problem = await (await host.PostAsync($"/instances/done/{command}", "1")).ShouldBeProblemAsync(HttpStatusCode.Gone, "instance.ended");
            Assert.Contains("Completed", problem.GetProperty("detail").GetString());
        }
    }

    [Fact]
    public async Task Suspend_and_resume_refuse_what_makes_no_sense_with_a_reason()
    {
        await using var host = await ManagementHost.StartAsync();
        await host.StartInstanceAsync("Waiter", "x", "w");
        await (await host.PostAsync("/instances/w/resume")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "instance.notSuspended");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/w/suspend?reason=maintenance")).StatusCode);
        await host.StatusBecomesAsync("w", "Suspended");
        Assert.Equal(HttpStatusCode.Accepted, (await host.GetAsync("/instances/w")).StatusCode);
        await (await host.PostAsync("/instances/w/suspend")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "instance.suspended");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/w/resume")).StatusCode);
        await host.StatusBecomesAsync("w", "Running");
        await host.PostAsync("/instances/w/raiseEvent/Go", "\"a\"");
        Assert.Equal("\"A\"", (await host.EndedAsync("w")).SerializedOutput);
    }

    [Fact]
    public async Task Terminate_ends_the_instance_with_the_reason_as_output()
    {
        await using var host = await ManagementHost.StartAsync();
        await host.StartInstanceAsync("Waiter", "x", "t");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/t/terminate?reason=not%20needed")).StatusCode);
        await host.EndedAsync("t");
        var answer = await host.GetAsync("/instances/t");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var status = await ManagementHost.JsonAsync(answer);
        Assert.Equal("Terminated", status.GetProperty("runtimeStatus").GetString());
        Assert.Equal("not needed", status.GetProperty("output").GetString());
    }

    [Fact]
    public async Task Events_want_JSON()
    {
        await using var host = await ManagementHost.StartAsync();
        await host.StartInstanceAsync("Waiter", "x", "e");
        var path = ManagementHost.Base + "/instances/e/raiseEvent/Go";
        await (await host.Host.SendAsync(HttpMethod.Post, path, host.Host.SystemKey, new StringContent("\"a\"", Encoding.UTF8, "text/plain")))
            .ShouldBeProblemAsync(HttpStatusCode.BadRequest, "request.mediaType");
        await (await host.PostAsync("/instances/e/raiseEvent/Go", "{")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "request.malformed");
        await (await host.PostAsync("/instances/e/raiseEvent/Go", $"\"{new string('x', 5 * 1024 * 1024)}\"")).ShouldBeProblemAsync(HttpStatusCode.RequestEntityTooLarge, "payload.tooLarge");
        await host.StatusBecomesAsync("e", "Running");
    }

    [Fact]
    public async Task Instances_are_listed_page_by_page_and_filtered()
    {
        await using var host = await ManagementHost.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await host.StartInstanceAsync("Echo", $"{i}", $"list-{i}");
            await host.EndedAsync($"list-{i}");
        }

        await host.StartInstanceAsync("Waiter", "x", "other");
        var ids = new List<string>();
        string? token = null;
        var pages = 0;
        do
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, ManagementHost.Base + "/instances?top=2");
            request.Headers.Add("x-functions-key", host.Host.MasterKey);
            if (token is not null)
            {
                request.Headers.Add("x-ms-continuation-token", token);
            }

            var page = await host.Host.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            ids.AddRange((await ManagementHost.JsonAsync(page)).EnumerateArray().Select(item => item.GetProperty("instanceId").GetString()!));
            token = page.Headers.TryGetValues("x-ms-continuation-token", out var values) ? values.Single() : null;
            pages++;
        }
        while (token is not null && pages < 10);

        Assert.Equal(["list-0", "list-1", "list-2", "list-3", "list-4", "other"], ids.Order());
        Assert.InRange(pages, 3, 4);
        Assert.Equal(["other"], await IdsAsync(host, "?runtimeStatus=Running,Pending&runtimeStatus=Suspended&runtimeStatus=Unheard"));
        Assert.Equal(["list-3"], await IdsAsync(host, "?instanceIdPrefix=list-3"));
        Assert.Empty(await IdsAsync(host, "?createdTimeFrom=2999-01-01T00:00:00Z"));
        Assert.Equal(6, (await IdsAsync(host, "?createdTimeTo=2999-01-01")).Count);
        await (await host.GetAsync("/instances?createdTimeFrom=yesterday")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        await (await host.GetAsync("/instances?instanceIdPrefix=%00")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        await (await host.PostAsync("/orchestrators/Echo/one?version=%0d%0a", "\"x\"")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        await (await host.GetAsync("/instances?top=0")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        var inputs = await ManagementHost.JsonAsync(await host.GetAsync("/instances?instanceIdPrefix=list-3&showInput=false"));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, inputs[0].GetProperty("input").ValueKind);
    }

    [Fact]
    public async Task A_continuation_token_that_is_none_of_ours_is_refused()
    {
        await using var host = await ManagementHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, ManagementHost.Base + "/instances");
        request.Headers.Add("x-functions-key", host.Host.SystemKey);
        request.Headers.Add("x-ms-continuation-token", "%%%");
        await (await host.Host.Client.SendAsync(request)).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "continuation.invalid");
    }

    [Fact]
    public async Task Purge_removes_what_has_ended_and_nothing_else()
    {
        await using var host = await ManagementHost.StartAsync();
        await (await host.DeleteAsync("/instances?createdTimeFrom=2000-01-01")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instances.none");
        foreach (var id in new[] { "p1", "p2", "p3" })
        {
            await host.StartInstanceAsync("Echo", "x", id);
            await host.EndedAsync(id);
        }

        await host.StartInstanceAsync("Waiter", "x", "live");
        await (await host.DeleteAsync("/instances/live")).ShouldBeProblemAsync(HttpStatusCode.PreconditionFailed, "instance.live");
        var one = await host.DeleteAsync("/instances/p1");
        Assert.Equal(HttpStatusCode.OK, one.StatusCode);
        Assert.Equal("""{"instancesDeleted":1}""", await one.Content.ReadAsStringAsync());
        await (await host.DeleteAsync("/instances/p1")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instance.missing");

        await (await host.DeleteAsync("/instances")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.missing");
        await (await host.DeleteAsync("/instances?createdTimeFrom=2000-01-01&runtimeStatus=Complted")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        await (await host.DeleteAsync("/instances?createdTimeFrom=2000-01-01&runtimeStatus=Running")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        await (await host.DeleteAsync("/instances?createdTimeFrom=2000-01-01&runtimeStatus=Failed")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instances.none");
        Assert.Equal("""{"instancesDeleted":2}""", await (await host.DeleteAsync("/instances?createdTimeFrom=2000-01-01&runtimeStatus=Completed")).Content.ReadAsStringAsync());
        Assert.Equal(["live"], await IdsAsync(host, ""));
    }

    [Fact]
    public async Task Ids_may_hold_what_has_to_be_encoded_and_words_of_the_path_ignore_case()
    {
        await using var host = await ManagementHost.StartAsync();
        const string Odd = "A b%2Fc+ü&=";
        await host.StartInstanceAsync("waiter", "x", Odd);
        var escaped = Uri.EscapeDataString(Odd);
        Assert.Equal(Odd, (await host.StatusAsync(Odd)).GetProperty("instanceId").GetString());
        var location = (await host.GetAsync($"/instances/{escaped}")).Headers.Location;
        Assert.EndsWith($"/instances/{escaped}", location?.OriginalString);
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync($"/INSTANCES/{escaped}/RAISEEVENT/go", "\"a\"")).StatusCode);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await host.EndedAsync(Odd)).RuntimeStatus);
    }

    private static async Task<List<string>> IdsAsync(ManagementHost host, string query) =>
        [.. (await ManagementHost.JsonAsync(await host.GetAsync($"/instances{query}"))).EnumerateArray().Select(item => item.GetProperty("instanceId").GetString()!)];
}
