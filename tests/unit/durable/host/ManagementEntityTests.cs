using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Worker;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class ManagementEntityTests
{
    [Fact]
    public async Task An_entity_is_signaled_read_listed_and_deleted()
    {
        await using var host = await StartAsync();
        await (await host.GetAsync("/entities/Counter/a")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "entity.missing");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/entities/Counter/a?op=add", "5")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/ENTITIES/counter/a?OP=Add", "2")).StatusCode);
        await StateBecomesAsync(host, "Counter/a", """{"value":7}""");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/entities/counter/$?op=add", "1")).StatusCode);
        await StateBecomesAsync(host, "counter/$", """{"value":1}""");

        var listed = await ManagementHost.JsonAsync(await host.GetAsync("/entities/counter"));
        Assert.Equal(["", "a"], listed.EnumerateArray().Select(entity => entity.GetProperty("entityId").GetProperty("key").GetString()!).Order());
        Assert.Equal(["entityId", "lastOperationTime"], listed[0].EnumerateObject().Select(member => member.Name));
        Assert.Equal("counter", listed[0].GetProperty("entityId").GetProperty("name").GetString());
        var full = await ManagementHost.JsonAsync(await host.GetAsync("/entities?fetchState=true&lastOperationTimeFrom=2000-01-01"));
        Assert.Contains(full.EnumerateArray(), entity => entity.TryGetProperty("state", out var state) && state.GetRawText() == """{"value":7}""");
        Assert.Equal("[]", await (await host.GetAsync("/entities?lastOperationTimeTo=2000-01-01")).Content.ReadAsStringAsync());
        Assert.Equal("[]", await (await host.GetAsync("/instances")).Content.ReadAsStringAsync());

        Assert.Equal(HttpStatusCode.Accepted, (await host.DeleteAsync("/entities/Counter/a")).StatusCode);
        await StateBecomesAsync(host, "Counter/a", null);
    }

    [Fact]
    public async Task An_entity_is_purged_as_an_instance_by_its_id()
    {
        await using var host = await StartAsync();
        await host.PostAsync("/entities/Counter/a?op=add", "5");
        await StateBecomesAsync(host, "Counter/a", """{"value":5}""");
        Assert.Equal(HttpStatusCode.OK, (await host.DeleteAsync("/instances/@counter@a")).StatusCode);
        await (await host.GetAsync("/entities/Counter/a")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "entity.missing");
        await (await host.DeleteAsync("/instances/@counter@a")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instance.missing");
    }

    [Fact]
    public async Task Entities_are_listed_page_by_page()
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await host.PostAsync($"/entities/Counter/k{i}?op=add", "1");
            await StateBecomesAsync(host, $"Counter/k{i}", """{"value":1}""");
        }

        var keys = new List<string>();
        string? token = null;
        do
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{ManagementHost.Base}/entities/counter?top=2");
            request.Headers.Add("x-functions-key", host.Host.SystemKey);
            if (token is not null)
            {
                request.Headers.Add("x-ms-continuation-token", token);
            }

            var page = await host.Host.Client.SendAsync(request);
            keys.AddRange((await ManagementHost.JsonAsync(page)).EnumerateArray().Select(entity => entity.GetProperty("entityId").GetProperty("key").GetString()!));
            token = page.Headers.TryGetValues("x-ms-continuation-token", out var values) ? values.Single() : null;
        }
        while (token is not null && keys.Count < 10);
        Assert.Equal(["k0", "k1", "k2", "k3", "k4"], keys.Order());
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_a_reason()
    {
        await using var host = await StartAsync();
        await (await host.PostAsync("/entities/Nobody/a?op=add", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "entity.unknown");
        await (await host.PostAsync("/entities/Counter/a", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.missing");
        await (await host.PostAsync("/entities/Counter/a?op=add", "{")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "request.malformed");
        await (await host.PostAsync("/entities/Counter/a%23b?op=add", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "entity.id");
        await (await host.PostAsync("/entities/Coun%40ter/a?op=add", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "entity.id");
        await (await host.PostAsync($"/entities/Counter/{new string('k', 300)}?op=add", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "entity.id");
        await (await host.GetAsync("/entities?top=many")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        await (await host.PostAsync("/entities/Counter")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "route.unknown");
    }

    [Fact]
    public async Task A_body_that_is_not_said_to_be_JSON_is_a_text_and_odd_keys_are_kept()
    {
        await using var host = await StartAsync();
        const string Key = "A b+ü%2F@x";
        var path = $"/entities/Note/{Uri.EscapeDataString(Key)}";
        var answer = await host.Host.SendAsync(HttpMethod.Post, $"{ManagementHost.Base}{path}?op=write", host.Host.SystemKey, new StringContent("5 apples", Encoding.UTF8, "text/plain"));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await StateBecomesAsync(host, path["/entities/".Length..], "\"5 apples\"");
        Assert.Contains(
            (await ManagementHost.JsonAsync(await host.GetAsync("/entities/note"))).EnumerateArray(), entity => entity.GetProperty("entityId").GetProperty("key").GetString() == Key);
    }

    [Fact]
    public async Task A_function_that_dispatches_nothing_changes_nothing_and_makeprimary_is_answered()
    {
        await using var host = await StartAsync();
        await host.PostAsync("/entities/Silent/a?op=add", "1");
        await host.PostAsync("/entities/Counter/z?op=add", "1");
        await StateBecomesAsync(host, "Counter/z", """{"value":1}""");
        await (await host.GetAsync("/entities/Silent/a")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "entity.missing");
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/makeprimary")).StatusCode);
    }

    /// <summary>By whichever route: what workflows build on is not changed past them.</summary>
    [Fact]
    public async Task A_guarded_entity_is_read_and_neither_signaled_nor_deleted_nor_steered_nor_purged()
    {
        await using var host = await ManagementHost.StartAsync(builder =>
        {
            builder.UseFunctions(typeof(EntityFunctions));
            builder.Services.AddSingleton<IEntityGuard>(new NoneOfA());
        });
        await host.Client.Entities.SignalEntityAsync(new EntityInstanceId("Counter", "a"), "add", 5, null, TestContext.Current.CancellationToken);
        await StateBecomesAsync(host, "Counter/a", """{"value":5}""");
        await (await host.PostAsync("/entities/COUNTER/a?op=add", "1")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "counter.guarded");
        await (await host.DeleteAsync("/entities/Counter/a")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "counter.guarded");
        await (await host.DeleteAsync("/instances/@counter@a")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "counter.guarded");
        foreach (var verb in (string[])["terminate", "suspend", "raiseEvent/op"])
            await (await host.PostAsync($"/instances/@counter@a/{verb}", "1")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "counter.guarded");
        await StateBecomesAsync(host, "Counter/a", """{"value":5}""");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/entities/Counter/b?op=add", "1")).StatusCode);
    }

    private sealed class NoneOfA : IEntityGuard
    {
        public EntityRefusal? Decide(EntityInstanceId entity) => entity == new EntityInstanceId("Counter", "a") ? new EntityRefusal("counter.guarded", "It counts.", "Let it count.") : null;
    }

    private static Task<ManagementHost> StartAsync() => ManagementHost.StartAsync(builder => builder.UseFunctions(typeof(EntityFunctions)));

    private static async Task StateBecomesAsync(ManagementHost host, string entity, string? state)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var answer = await host.GetAsync($"/entities/{entity}");
            if (state is null ? answer.StatusCode == HttpStatusCode.NotFound : await answer.Content.ReadAsStringAsync() == state)
            {
                return;
            }

            Assert.False(patience.IsCancellationRequested, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            await Task.Yield();
        }
    }

    public sealed class Tally
    {
        [System.Text.Json.Serialization.JsonPropertyName("value")]
        public int Value { get; set; }

        public void Add(int amount) => Value += amount;
    }

    public static class EntityFunctions
    {
        [Function("Counter")]
        public static Task CounterAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher is null ? Task.CompletedTask : dispatcher.DispatchAsync<Tally>();

        [Function("NoteFunction")]
        public static Task NoteAsync([EntityTrigger(EntityName = "Note")] TaskEntityDispatcher dispatcher, FunctionContext context)
        {
            ArgumentNullException.ThrowIfNull(dispatcher);
            ArgumentNullException.ThrowIfNull(context);
            return dispatcher.DispatchAsync(operation =>
            {
                if (operation.Name == "write")
                {
                    operation.State.SetState(operation.GetInput<string>());
                }

                return default;
            });
        }

        [Function("Silent")]
        public static Task SilentAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => Task.FromResult(dispatcher);
    }
}
