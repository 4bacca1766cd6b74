using System.Buffers.Text;
using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

[UnsupportedOSPlatform("windows")]
public sealed class KeyTests
{
    [Fact]
    public async Task Keys_are_made_once_random_and_for_the_owner_only()
    {
        using var folder = new TemporaryFolder();
        string[] first;
        await using (var host = await StartAsync(folder))
        {
            first = [host.MasterKey, host.HostKey, host.SystemKey];
            Assert.Equal(3, first.Distinct().Count());
            Assert.All(first, key => Assert.Equal(32, Base64Url.DecodeFromChars(key).Length));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.PathOf(".state/secrets/host.json")));
        }

        await using var again = await StartAsync(folder);
        Assert.Equal(first, new[] { again.MasterKey, again.HostKey, again.SystemKey });
    }

    [Fact]
    public async Task A_folder_of_keys_alone_is_closed_and_one_that_holds_other_things_is_left_as_it_is()
    {
        const UnixFileMode open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        using var folder = new TemporaryFolder();
        var secrets = folder.PathOf(".state/secrets");
        await using (await StartAsync(folder))
        {
            // The keys are made.
        }

        File.SetUnixFileMode(secrets, open);
        await using (await StartAsync(folder))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(secrets));
        }

        File.SetUnixFileMode(secrets, open);
        await File.WriteAllTextAsync(Path.Combine(secrets, "somebody's"), "", TestContext.Current.CancellationToken);
        await using (await StartAsync(folder))
        {
            Assert.Equal(open, File.GetUnixFileMode(secrets));
        }
    }

    [Fact]
    public async Task A_function_wants_a_key_and_takes_it_as_header_or_code()
    {
        await using var host = await StartAsync();
        var missing = await host.GetAsync("/api/Guarded");
        await missing.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.missing");
        Assert.NotEmpty(missing.Headers.WwwAuthenticate);
        await (await host.GetAsync("/api/Guarded", host.HostKey + "x")).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        await (await host.GetAsync("/api/Guarded?code=wrong")).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");

        const string Caller = """{"name":"default","operator":true,"role":"operator"}""";
        Assert.Equal(Caller, await (await host.GetAsync("/api/Guarded", host.HostKey)).Content.ReadAsStringAsync());
        Assert.Equal(Caller, await host.Client.GetStringAsync($"/api/Guarded?CODE={host.HostKey}"));
    }

    [Fact]
    public async Task Levels_open_what_they_should_and_no_more()
    {
        await using var host = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/hello/x")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/Guarded", host.MasterKey)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/admins", host.MasterKey)).StatusCode);
        await (await host.GetAsync("/api/Guarded", host.SystemKey)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        await (await host.GetAsync("/api/admins", host.HostKey)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        await (await host.GetAsync("/admin/host/status", host.SystemKey)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        await (await host.GetAsync("/admin/host/status")).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.missing");

        using var status = JsonDocument.Parse(await (await host.GetAsync("/admin/host/status", host.MasterKey)).Content.ReadAsStringAsync());
        Assert.Equal("Running", status.RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_key_of_one_function_opens_that_function_only()
    {
        using var folder = new TemporaryFolder();
        const string Own = "a-key-of-guarded-only-0123456789";
        folder.Write(".state/secrets/guarded.json", $$"""{"keys":[{"name":"tenant1","value":"{{Own}}","encrypted":false}]}""");
        folder.MakePrivate(".state/secrets/guarded.json");
        await using var host = await StartAsync(folder);
        Assert.Contains("tenant1", await (await host.GetAsync("/api/Guarded", Own)).Content.ReadAsStringAsync());
        await (await host.GetAsync("/api/admins", Own)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        await (await host.GetAsync("/admin/host/status", Own)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
    }

    [Theory]
    [InlineData("""{"masterKey":{"name":"master","value":"short"},"functionKeys":[],"systemKeys":[]}""", "keys.malformed")]
    [InlineData("""{"functionKeys":[],"systemKeys":[]}""", "keys.malformed")]
    [InlineData("""{"masterKey":{"name":"master","value":"0123456789abcdef0123456789abcdef","encrypted":true},"functionKeys":[],"systemKeys":[]}""", "keys.malformed")]
    [InlineData("""{"masterKey":{"name":"master","value":"0123456789abcdef0123456789abcdef"},"functionKeys":[],"systemKeys":[]}""", "keys.malformed")]
    public async Task A_wrong_key_file_stops_the_start_without_quoting_keys(string json, string code)
    {
        using var folder = new TemporaryFolder();
        folder.Write(".state/secrets/host.json", json);
        folder.MakePrivate(".state/secrets/host.json");
        var refused = await Assert.ThrowsAsync<HostStartupException>(() => StartAsync(folder));
        Assert.Equal(code, refused.Code);
        Assert.DoesNotContain("0123456789abcdef", refused.Message);
    }

    [Fact]
    public async Task A_key_file_that_others_can_read_is_refused()
    {
        using var folder = new TemporaryFolder();
        await using (await StartAsync(folder))
        {
        }

        folder.MakePrivate(".state/secrets/host.json", UnixFileMode.OtherRead);
        Assert.Equal("keys.exposed", (await Assert.ThrowsAsync<HostStartupException>(() => StartAsync(folder))).Code);
    }

    [Fact]
    public async Task Keys_never_reach_the_log_even_at_the_finest_level()
    {
        var log = new CollectingLogger();
        await using var host = await RunningHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(new Greeting("Hello"));
                builder.Services.AddSingleton<ILoggerProvider>(log);
                builder.UseFunctions(typeof(SampleFunctions));
            },
            """{"version":"2.0","logging":{"logLevel":{"default":"Trace","Microsoft":"Trace","Microsoft.AspNetCore.Hosting.Diagnostics":"Trace"}}}""");
        await host.Client.GetStringAsync($"/api/Guarded?code={host.HostKey}");
        await host.GetAsync($"/api/broken?code={host.HostKey}", host.MasterKey);
        await host.GetAsync($"/api/unknown?code={host.SystemKey}");

        await host.GetAsync("/api/hello/a%0Ab%1B[31m");

        await log.WroteAsync("Hello answered GET /api/hello/a%0Ab%1B");
        await log.WroteAsync("Guarded answered GET /api/Guarded with 200");
        Assert.All(log.Lines, line => Assert.All([host.MasterKey, host.HostKey, host.SystemKey], key => Assert.DoesNotContain(key, line)));
    }

    private static Task<RunningHost> StartAsync(TemporaryFolder? folder = null) => RunningHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton(new Greeting("Hello"));
            builder.UseFunctions(typeof(SampleFunctions));
        },
        folder: folder);
}
