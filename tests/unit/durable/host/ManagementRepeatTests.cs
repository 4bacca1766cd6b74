using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Worker;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Rewind and restart over HTTP.</summary>
public sealed class ManagementRepeatTests
{
    [Fact]
    public async Task A_failed_instance_is_rewound_and_goes_on_where_it_failed()
    {
        var world = new Flaky();
        await using var host = await StartAsync(world);
        await host.StartInstanceAsync("TwoSteps", "disk", "r");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await host.EndedAsync("r")).RuntimeStatus);
        Assert.Equal(["first disk", "second disk"], world.Calls);

        world.Works = true;
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/r/rewind?reason=mended")).StatusCode);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await host.EndedAsync("r")).RuntimeStatus);
        Assert.Equal(["first disk", "second disk", "second disk"], world.Calls);
    }

    [Fact]
    public async Task Only_a_failed_instance_can_be_rewound()
    {
        await using var host = await StartAsync(new Flaky());
        await (await host.PostAsync("/instances/none/rewind")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instance.missing");
        await host.StartInstanceAsync("Waiter", "x", "w");
        await (await host.PostAsync("/instances/w/rewind")).ShouldBeProblemAsync(HttpStatusCode.PreconditionFailed, "instance.notFailed");
        await host.StartInstanceAsync("Echo", "x", "e");
        await host.EndedAsync("e");
        var refused = await (await host.PostAsync("/instances/e/rewind")).ShouldBeProblemAsync(HttpStatusCode.PreconditionFailed, "instance.notFailed");
        Assert.Contains("Completed", refused.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_restart_takes_name_and_input_under_a_new_id_or_the_same()
    {
        await using var host = await StartAsync(new Flaky());
        await host.StartInstanceAsync("Echo", "again", "e");
        await host.EndedAsync("e");
        var fresh = await host.PostAsync("/instances/e/restart");
        Assert.Equal(HttpStatusCode.Accepted, fresh.StatusCode);
        var id = (await ManagementHost.JsonAsync(fresh)).GetProperty("id").GetString()!;
        Assert.NotEqual("e", id);
        Assert.Equal("\"again\"", (await host.EndedAsync(id)).SerializedOutput);

        var waited = await host.PostAsync("/instances/e/restart?restartWithNewInstanceId=false&timeout=20&pollingInterval=1");
        Assert.Equal((HttpStatusCode.OK, "\"again\""), (waited.StatusCode, await waited.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_guard_refuses_to_repeat_with_its_own_code_and_remedy_also_while_the_instance_is_live()
    {
        await using var host = await ManagementHost.StartAsync(builder => builder.Services.AddSingleton<IRepeatGuard>(new NoWaiters()));
        await host.StartInstanceAsync("Waiter", "x", "w");
        await host.StartInstanceAsync("Echo", "x", "e");
        await host.EndedAsync("e");
        foreach (var fresh in (string[])["true", "false"])
        {
            var refused = await (await host.PostAsync($"/instances/w/restart?restartWithNewInstanceId={fresh}")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "waiter.once");
            Assert.Contains("ask anew", refused.ToString());
        }

        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/e/restart")).StatusCode);
    }

    private sealed class NoWaiters : IRepeatGuard
    {
        public RepeatRefusal? Decide(OrchestrationMetadata instance, bool isRewind) => instance.Name == "Waiter" ? new RepeatRefusal("waiter.once", "It waits once.", "ask anew") : null;
    }

    [Fact]
    public async Task A_restart_that_cannot_be_is_refused_with_a_reason()
    {
        await using var host = await StartAsync(new Flaky());
        await (await host.PostAsync("/instances/none/restart")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "instance.missing");
        await host.StartInstanceAsync("Waiter", "x", "w");
        await (await host.PostAsync("/instances/w/restart?restartWithNewInstanceId=false")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "instance.live");
        await (await host.PostAsync("/instances/w/restart?restartWithNewInstanceId=perhaps")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/w/restart")).StatusCode);
    }

    private static Task<ManagementHost> StartAsync(Flaky world) => ManagementHost.StartAsync(builder =>
    {
        builder.Services.AddSingleton(world);
        builder.UseFunctions(typeof(Steps));
    });

    public sealed class Flaky
    {
        public bool Works { get; set; }

        public ConcurrentQueue<string> Calls { get; } = new();
    }

    public sealed class Steps(Flaky world)
    {
        [Function("TwoSteps")]
        public static async Task TwoStepsAsync([OrchestrationTrigger] TaskOrchestrationContext context, string input)
        {
            ArgumentNullException.ThrowIfNull(context);
            await context.CallActivityAsync("First", input);
            await context.CallActivityAsync("Second", input);
        }

        [Function("First")]
        public void First([ActivityTrigger] string input) => world.Calls.Enqueue($"first {input}");

        [Function("Second")]
        public void Second([ActivityTrigger] string input)
        {
            world.Calls.Enqueue($"second {input}");
            if (!world.Works)
            {
                throw new InvalidOperationException("not yet");
            }
        }
    }
}
