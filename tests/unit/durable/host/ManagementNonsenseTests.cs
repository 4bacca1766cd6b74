using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Engine;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Whatever is sent to the management API is answered, with a reason and never with a fault of the host.</summary>
public sealed class ManagementNonsenseTests
{
    private static readonly string[] s_routes = [
        "/orchestrators/{0}", "/orchestrators/Waiter/{0}", "/instances", "/instances/{0}", "/instances/{0}/raiseEvent/{1}", "/instances/{0}/terminate", "/instances/{0}/suspend", "/instances/{0}/resume",
        "/instances/{0}/rewind", "/instances/{0}/restart", "/instances/{0}/{1}", "/entities", "/entities/{0}", "/entities/{0}/{1}", "/entities/Counter/{0}", "/makeprimary", "/{0}",
    ];

    private static readonly string[] s_words = [
        "", "a", "it", "Waiter", "@", "@x@y", "@x", "..", "%2e%2e", "%00", "a%00b", "%0d%0a", "%2F", "a%2Fb", "%5C", "%23", "%3F", "%ED%A0%80", "%FF", "%F0%9F%92%BE", "$", "'", "\"", "null", "{}", "{instanceId}",
        new string('a', 256), new string('a', 257), new string('a', 5000), "%E2%80%AE", "-1", "0", "1e309", "9999-99-99", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "true", "Running,Failed", "7", "999999999999",
    ];

    private static readonly string[] s_queries = [
        "reason", "timeout", "pollingInterval", "version", "top", "runtimeStatus", "createdTimeFrom", "createdTimeTo", "instanceIdPrefix", "showHistory", "showHistoryOutput", "showInput",
        "returnInternalServerErrorOnFailure", "restartWithNewInstanceId", "op", "fetchState", "lastOperationTimeFrom", "recursive", "force", "taskHub", "connection", "code",
    ];

    private static readonly string[] s_bodies = [
        "", "null", "1", "\"text\"", "{", "[1,", "{\"a\":\"\\u0000\"}", "\"\\ud800\"", "\uFEFF1", "1e400", "tru", "\"" + "x", new string('[', 2000), "{\"a\":1,\"a\":2}", "\0", "NaN",
    ];

    [Fact]
    public async Task While_the_engine_does_not_run_the_answer_is_to_come_again_and_not_that_the_instance_is_at_fault()
    {
        await using var host = await ManagementHost.StartAsync();
        await host.StartInstanceAsync("Waiter", "x", "it");
        await host.Host.Services.GetRequiredService<DurableEngine>().StopAsync(TestContext.Current.CancellationToken);
        foreach (var path in (string[])["/orchestrators/Waiter/other", "/instances/it/raiseEvent/Go", "/instances/it/terminate", "/instances/it/suspend"])
        {
            var answer = await host.PostAsync(path, "1");
            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
            Assert.Equal("taskHub.unavailable", (await ManagementHost.JsonAsync(answer)).GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task Nonsense_is_never_answered_with_a_fault_and_the_host_goes_on()
    {
        const int seed = 20261127;
        await using var host = await ManagementHost.StartAsync();
        await host.StartInstanceAsync("Waiter", "x", "it");
        var random = new Random(seed);
        string Any(string[] from) => from[random.Next(from.Length)];
        var answers = new Dictionary<HttpStatusCode, int>();
        for (var number = 0; number < 1500; number++)
        {
            var method = random.Next(10) switch { < 5 => HttpMethod.Post, < 8 => HttpMethod.Get, < 9 => HttpMethod.Delete, _ => HttpMethod.Put };
            var path = string.Format(null, Any(s_routes), Any(s_words), Any(s_words));
            var query = string.Join('&', Enumerable.Range(0, random.Next(4)).Select(_ => $"{Any(s_queries)}={Any(s_words)}"));
            // A wait that is long, on purpose, would only slow this down.
            if (query.Contains("timeout", StringComparison.Ordinal) && query.Contains("pollingInterval", StringComparison.Ordinal))
                continue;
            if (!Uri.TryCreate($"http://127.0.0.1{ManagementHost.Base}{path}?{query}", UriKind.Absolute, out _))
                continue;
            using var content = new StringContent(Any(s_bodies), Encoding.UTF8, random.Next(4) == 0 ? "text/plain" : "application/json");
            var answer = await host.Host.SendAsync(method, $"{ManagementHost.Base}{path}?{query}", host.Host.SystemKey, method == HttpMethod.Get ? null : content);
            answers[answer.StatusCode] = answers.GetValueOrDefault(answer.StatusCode) + 1;
            var said = (int)answer.StatusCode < 400 ? "" : await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True((int)answer.StatusCode < 500, $"{number} of seed {seed}: {method} {path}?{query} -> {(int)answer.StatusCode} {said}");
            Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        }
        Assert.True(answers.Count >= 5, string.Join(' ', answers));
        // It does what it is for as if nothing had been.
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/orchestrators/Echo/after", "\"said\"")).StatusCode);
        Assert.Equal("said", (await host.EndedAsync("after")).ReadOutputAs<string>());
    }
}
