using System.Net;
using SnapshotWorkflows.Durable.Client;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Everything that can be done to an instance, at the same time, again and again: each request has an answer that fits, and what is left can be used.</summary>
public sealed class ManagementAtOnceTests
{
    [Fact]
    public async Task Commands_at_once_are_done_or_refused_with_a_reason_and_leave_an_instance_that_can_be_purged()
    {
        const int seed = 20261127;
        await using var host = await ManagementHost.StartAsync();
        var random = new Random(seed);
        (string Verb, string Path)[] commands = [
            ("POST", "/instances/{0}/terminate?reason=x"), ("POST", "/instances/{0}/suspend"), ("POST", "/instances/{0}/resume"), ("POST", "/instances/{0}/rewind?reason=x"),
            ("POST", "/instances/{0}/restart?restartWithNewInstanceId=false"), ("POST", "/instances/{0}/raiseEvent/Go"), ("DELETE", "/instances/{0}"), ("POST", "/orchestrators/Waiter/{0}"),
            ("POST", "/orchestrators/Echo/{0}"), ("GET", "/instances/{0}?showHistory=true"),
        ];
        var answers = new Dictionary<HttpStatusCode, int>();
        for (var round = 0; round < 25; round++)
        {
            var id = $"it{round % 3}";
            var sent = Enumerable.Range(0, 20).Select(_ => commands[random.Next(commands.Length)]).ToArray();
            var all = await Task.WhenAll(sent.Select(command => command.Verb switch
            {
                "GET" => host.GetAsync(string.Format(null, command.Path, id)),
                "DELETE" => host.DeleteAsync(string.Format(null, command.Path, id)),
                _ => host.PostAsync(string.Format(null, command.Path, id), "\"x\""),
            }));
            foreach (var (answer, command) in all.Zip(sent))
            {
                answers[answer.StatusCode] = answers.GetValueOrDefault(answer.StatusCode) + 1;
                Assert.True((int)answer.StatusCode < 500, $"round {round} of seed {seed}: {command} -> {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
            }
        }
        Assert.True(answers.Count >= 5, string.Join(' ', answers));
        for (var number = 0; number < 3; number++)
        {
            var id = $"it{number}";
            // Gone, ended or alive, it ends on demand, goes, and begins anew.
            if (await host.Client.GetInstanceAsync(id, TestContext.Current.CancellationToken) is { IsCompleted: false })
            {
                await host.PostAsync($"/instances/{id}/terminate");
                await host.EndedAsync(id);
            }
            await host.DeleteAsync($"/instances/{id}");
            Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync($"/instances/{id}")).StatusCode);
            Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync($"/orchestrators/Echo/{id}", "\"said\"")).StatusCode);
            Assert.Equal(OrchestrationRuntimeStatus.Completed, (await host.EndedAsync(id)).RuntimeStatus);
        }
    }
}
