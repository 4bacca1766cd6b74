using System.Net;
using System.Net.Http.Headers;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

[UnsupportedOSPlatform("windows")]
public sealed class KeyAdministrationTests
{
    [Fact]
    public async Task Keys_are_listed_made_rotated_and_deleted_while_the_host_runs()
    {
        await using var host = await StartAsync();
        var listed = await JsonAsync(await host.GetAsync("/admin/host/keys", host.MasterKey));
        Assert.Equal(("default", host.HostKey), Key(listed.GetProperty("keys")[0]));
        Assert.Equal("self", listed.GetProperty("links")[0].GetProperty("rel").GetString());

        var made = await host.SendAsync(HttpMethod.Post, "/admin/host/functionkeys/ci", host.MasterKey);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal("/admin/host/functionkeys/ci", made.Headers.Location?.OriginalString);
        Assert.True(made.Headers.CacheControl?.NoStore);
        var (name, first) = Key(await JsonAsync(made));
        Assert.Equal("ci", name);
        Assert.Equal("""{"name":"ci","operator":true,"role":"operator"}""", await (await host.GetAsync("/api/Guarded", first)).Content.ReadAsStringAsync());

        var rotated = await host.SendAsync(HttpMethod.Post, "/admin/host/keys/ci", host.MasterKey);
        Assert.Equal(HttpStatusCode.OK, rotated.StatusCode);
        var (_, second) = Key(await JsonAsync(rotated));
        Assert.NotEqual(first, second);
        await (await host.GetAsync("/api/Guarded", first)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/Guarded", second)).StatusCode);
        Assert.Equal(("ci", second), Key(await JsonAsync(await host.GetAsync("/admin/host/keys/CI", host.MasterKey))));

        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Delete, "/admin/host/keys/ci", host.MasterKey)).StatusCode);
        await (await host.GetAsync("/api/Guarded", second)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        await (await host.SendAsync(HttpMethod.Delete, "/admin/host/keys/ci", host.MasterKey)).ShouldBeProblemAsync(HttpStatusCode.NotFound, "key.unknown");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(host.Folder.PathOf(".state/secrets/host.json")));
    }

    [Fact]
    public async Task A_function_has_keys_of_its_own_and_a_given_value_is_taken()
    {
        await using var host = await StartAsync();
        const string Value = "a-value-of-a-persons-own-choice-0123";
        Assert.Empty((await JsonAsync(await host.GetAsync("/admin/functions/guarded/keys", host.MasterKey))).GetProperty("keys").EnumerateArray());
        var put = await PutAsync(host, "/admin/functions/Guarded/keys/tenant", JsonSerializer.Serialize(new { name = "tenant", value = Value }));
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/Guarded", Value)).StatusCode);
        await (await host.GetAsync("/api/admins", Value)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        await (await host.GetAsync("/admin/functions/Guarded/keys", Value)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");

        await (await PutAsync(host, "/admin/functions/Guarded/keys/tenant", """{"value":"short"}""")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "key.value");
        await (await PutAsync(host, "/admin/functions/Guarded/keys/tenant", """{"name":"tenant"}""")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "key.value");
        await (await PutAsync(host, "/admin/functions/Guarded/keys/tenant", "{")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "request.malformed");
        await (await host.SendAsync(HttpMethod.Post, "/admin/functions/Guarded/keys/_x", host.MasterKey)).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "key.name");
        await (await host.SendAsync(HttpMethod.Post, "/admin/functions/Guarded/keys/_master", host.MasterKey)).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "key.name");
        await (await host.GetAsync("/admin/functions/Nobody/keys", host.MasterKey)).ShouldBeProblemAsync(HttpStatusCode.NotFound, "function.unknown");
    }

    [Fact]
    public async Task The_master_and_the_system_key_are_rotated_but_not_deleted()
    {
        await using var host = await StartAsync();
        Assert.DoesNotContain("_master", (await JsonAsync(await host.GetAsync("/admin/host/systemkeys", host.MasterKey))).GetRawText());
        Assert.Equal(("_master", host.MasterKey), Key(await JsonAsync(await host.GetAsync("/admin/host/systemkeys/_master", host.MasterKey))));
        foreach (var needed in new[] { "_master", "durabletask_extension" })
        {
            await (await host.SendAsync(HttpMethod.Delete, $"/admin/host/systemkeys/{needed}", host.MasterKey)).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "key.needed");
        }

        var (_, fresh) = Key(await JsonAsync(await host.SendAsync(HttpMethod.Post, "/admin/host/systemkeys/_master", host.MasterKey)));
        await (await host.GetAsync("/admin/host/status", host.MasterKey)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/admin/host/status", fresh)).StatusCode);
    }

    [Fact]
    public async Task A_rotated_system_key_shows_in_management_URIs_at_once()
    {
        await using var host = await ManagementHost.StartAsync();
        var (_, fresh) = Key(await JsonAsync(await host.Host.SendAsync(HttpMethod.Post, "/admin/host/systemkeys/durabletask_extension", host.Host.MasterKey)));
        await (await host.GetAsync("/instances")).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        var started = await host.Host.SendAsync(HttpMethod.Post, $"{ManagementHost.Base}/orchestrators/Echo", fresh);
        Assert.Contains($"code={fresh}", started.Headers.Location?.Query);
    }

    [Fact]
    public async Task An_app_learns_the_names_of_the_keys_as_they_are_and_never_a_value()
    {
        await using var host = await StartAsync();
        var names = host.Services.GetRequiredService<IAccessKeyNames>();
        Assert.Equal(["default", "durabletask_extension"], names.Names().Order(StringComparer.Ordinal));
        await host.SendAsync(HttpMethod.Post, "/admin/host/keys/shop", host.MasterKey);
        await host.SendAsync(HttpMethod.Post, "/admin/functions/Guarded/keys/own", host.MasterKey);
        Assert.Equal(["default", "durabletask_extension", "own", "shop"], names.Names().Order(StringComparer.Ordinal));
        await host.SendAsync(HttpMethod.Delete, "/admin/host/keys/shop", host.MasterKey);
        Assert.DoesNotContain("shop", names.Names());
    }

    [Fact]
    public async Task Only_the_master_key_opens_the_key_routes()
    {
        await using var host = await StartAsync();
        foreach (var path in new[] { "/admin/host/keys", "/admin/host/systemkeys/_master", "/admin/functions/Guarded/keys", "/admin/functions" })
        {
            await (await host.GetAsync(path)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.missing");
            await (await host.GetAsync(path, host.HostKey)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
            await (await host.GetAsync(path, host.SystemKey)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        }
    }

    [Fact]
    public async Task A_file_that_a_person_edits_counts_within_seconds_and_a_broken_one_does_not()
    {
        var clock = new ManualTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        var log = new CollectingLogger();
        await using var host = await StartAsync(clock, log);
        const string Own = "a-key-that-was-put-in-by-hand-0123";
        host.Folder.Write(".state/secrets/guarded.json", $$"""{"keys":[{"name":"byHand","value":"{{Own}}","encrypted":false}]}""");
        host.Folder.MakePrivate(".state/secrets/guarded.json");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.GetAsync("/api/Guarded", Own)).StatusCode);
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/Guarded", Own)).StatusCode);

        host.Folder.Write(".state/secrets/guarded.json", """{"keys":[{"name":"byHand","val""");
        host.Folder.MakePrivate(".state/secrets/guarded.json");
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/Guarded", Own)).StatusCode);
        Assert.Contains(log.Lines, line => line.Contains("the former ones stay in force"));
        Assert.All(log.Lines, line => Assert.DoesNotContain(Own, line));
    }

    [Fact]
    public async Task A_folder_of_keys_that_is_away_for_a_while_locks_nobody_out()
    {
        var clock = new ManualTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        var log = new CollectingLogger();
        await using var host = await StartAsync(clock, log);
        var secrets = host.Folder.PathOf(".state/secrets");
        Directory.Move(secrets, $"{secrets}.away");
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/Guarded", host.HostKey)).StatusCode);
        Assert.Contains(log.Lines, line => line.Contains("the former ones stay in force"));

        // An empty folder stands where the mount was.
        Directory.CreateDirectory(secrets);
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/Guarded", host.HostKey)).StatusCode);
        Directory.Delete(secrets);
        Directory.Move($"{secrets}.away", secrets);
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(HttpStatusCode.Created, (await host.SendAsync(HttpMethod.Post, "/admin/host/keys/back", host.MasterKey)).StatusCode);
    }

    [Fact]
    public async Task Rotations_at_once_lose_nothing_and_no_key_is_logged()
    {
        var log = new CollectingLogger();
        await using var host = await StartAsync(log: log);
        var made = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i => Key(await JsonAsync(await host.SendAsync(HttpMethod.Post, $"/admin/host/keys/k{i}", host.MasterKey)))));
        var kept = (await JsonAsync(await host.GetAsync("/admin/host/keys", host.MasterKey))).GetProperty("keys").EnumerateArray().Select(Key).ToList();
        Assert.All(made, key => Assert.Contains(key, kept));
        Assert.Contains(log.Lines, line => line.Contains("Access key 'k7' of host functionKeys was created"));
        Assert.All(log.Lines, line => Assert.All(made, key => Assert.DoesNotContain(key.Value, line)));
        Assert.Empty(Directory.GetFiles(host.Folder.PathOf(".state/secrets"), "*.draft"));
    }

    private static Task<RunningHost> StartAsync(TimeProvider? time = null, ILoggerProvider? log = null) => RunningHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton(new Greeting("Hello"));
            if (log is not null)
            {
                builder.Services.AddSingleton(log);
            }

            builder.UseFunctions(typeof(SampleFunctions));
        },
        """{"version":"2.0","logging":{"logLevel":{"default":"Trace"}}}""",
        time);

    private static Task<HttpResponseMessage> PutAsync(RunningHost host, string path, string json) =>
        host.SendAsync(HttpMethod.Put, path, host.MasterKey, new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")));

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) => await ManagementHost.JsonAsync(response);

    private static (string? Name, string Value) Key(JsonElement key) => (key.GetProperty("name").GetString(), key.GetProperty("value").GetString()!);
}
