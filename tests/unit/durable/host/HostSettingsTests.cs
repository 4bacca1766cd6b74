using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Durable.Host.Configuration;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class HostSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Later_sources_win_and_double_underscores_nest()
    {
        _folder.Write("host.json", """
            {
              // comments are allowed
              "version": "2.0",
              "extensions": { "http": { "routePrefix": "fromFile" }, "durableTask": { "hubName": "FromFile", "maxConcurrentActivityFunctions": 3, } },
            }
            """);
        _folder.Write("local.settings.json", """
            { "IsEncrypted": false, "Values": { "App__Name": "local", "App__Other": "local", "AzureFunctionsJobHost__extensions__durableTask__hubName": "FromLocal" }, "Host": { "LocalHttpPort": 7099 } }
            """);
        var settings = Read(new() { ["App__Name"] = "environment", ["AzureFunctionsJobHost__extensions__http__routePrefix"] = "fromEnvironment" });

        Assert.Equal("environment", settings.Configuration["App:Name"]);
        Assert.Equal("local", settings.Configuration["App:Other"]);
        Assert.Equal("FromLocal", settings.DurableTask.HubName);
        Assert.Equal(3, settings.DurableTask.MaxConcurrentActivityFunctions);
        Assert.Equal("fromEnvironment", settings.Http.RoutePrefix);
        Assert.Equal(7099, settings.Local.LocalHttpPort);
        Assert.Empty(settings.Warnings);
    }

    [Fact]
    public void Defaults_are_those_of_Functions()
    {
        _folder.Write("host.json", """{"version":"2.0"}""");
        var settings = Read();

        Assert.Equal("api", settings.Http.RoutePrefix);
        Assert.Equal("TestHubName", settings.DurableTask.HubName);
        Assert.Equal("sqlite", settings.DurableTask.StorageProviderType);
        Assert.Equal(10 * Environment.ProcessorCount, settings.DurableTask.MaxConcurrentActivityFunctions);
        Assert.False(settings.DurableTask.UseForwardedHost);
    }

    [Fact]
    public void Unknown_members_are_warned_about_by_name()
    {
        _folder.Write("host.json", """
            {"version":"2.0","extension":{},"extnsions":{"a":1},"extensions":{"durableTask":{"tracing":{"traceInputsAndOutputs":true}},"queues":{"batchSize":1}}}
            """);
        var warnings = Read().Warnings;

        Assert.Contains(warnings, warning => warning.Contains("host.json: extnsions"));
        Assert.Contains(warnings, warning => warning.Contains("extensions.durableTask.tracing has no effect"));
        Assert.Contains(warnings, warning => warning.Contains("extensions.queues"));
    }

    [Fact]
    public void Percent_names_are_replaced_by_settings()
    {
        _folder.Write("host.json", """{"version":"2.0","extensions":{"durableTask":{"hubName":"%HUB%"}}}""");
        Assert.Equal("MyHub", Read(new() { ["HUB"] = "MyHub" }).DurableTask.HubName);
        Assert.Equal("setting.missing", Assert.Throws<HostStartupException>(() => Read()).Code);
    }

    [Theory]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"hubName":"1abc"}}}""", "hostJson.invalid", "hubName")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"hubName":"ab"}}}""", "hostJson.invalid", "hubName")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"hubName":"with-dash"}}}""", "hostJson.invalid", "hubName")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"maxConcurrentActivityFunctions":0}}}""", "hostJson.invalid", "maxConcurrentActivityFunctions")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"maxOrchestrationActions":"many"}}}""", "hostJson.invalid", "maxOrchestrationActions")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"hubnam":"x"}}}""", "hostJson.unknown", "did you mean hubName")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"storageProvider":{"typ":"x"}}}}""", "hostJson.unknown", "did you mean type")]
    [InlineData("""{"version":"2.0","extensions":{"http":{"entirelyUnheardOf":1}}}""", "hostJson.unknown", "extensions.http.entirelyUnheardOf is not known")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"storageProvider":{"type":"postgres","connectionName":"Hub"}}}}""", "hostJson.invalid", "connectionName is 'Hub'")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"httpSettings":{"trustedProxies":["10.0.0.0/99"]}}}}""", "hostJson.invalid", "trustedProxies")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"storageProvider":{"type":"AzureStorage"}}}}""", "hostJson.invalid", "storageProvider.type")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"httpSettings":{"useForwardedHost":"perhaps"}}}}""", "hostJson.invalid", "useForwardedHost")]
    [InlineData("""{"version":"2.0","extensions":{"http":{"maxConcurrentRequests":0}}}""", "hostJson.invalid", "maxConcurrentRequests")]
    [InlineData("""{"version":"2.0","extensions":{"http":{"routePrefix":"a{b}"}}}""", "hostJson.invalid", "routePrefix")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"versionMatchStrategy":"Newest"}}}""", "hostJson.invalid", "None or Strict or CurrentOrOlder")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"retention":"24:00:00"}}}""", "hostJson.invalid", "retention is '24:00:00'")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"retentionOfFailed":"-1.00:00:00"}}}""", "hostJson.invalid", "retentionOfFailed")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"retentionInterval":"00:00:00"}}}""", "hostJson.invalid", "retentionInterval")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"activityLimits":{"Copy":{"maxConcurrent":0}}}}}""", "hostJson.invalid", "activityLimits.Copy.maxConcurrent")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"activityLimits":{"Copy":{"maxStarts":5}}}}}""", "hostJson.invalid", "together with period")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"activityLimits":{"Copy":5}}}}""", "hostJson.invalid", "activityLimits.Copy")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"activityLimits":{"Copy":{"maxConcurent":1}}}}}""", "hostJson.unknown", "did you mean maxConcurrent")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"httpSettings":{"defaultAsyncRequestSleepTimeMilliseconds":0}}}}""", "hostJson.invalid", "defaultAsyncRequestSleepTimeMilliseconds")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"maxProcessDeaths":3}}}""", "hostJson.invalid", "maxProcessDeaths")]
    [InlineData("""{"version":"2.0","extensions":{"durableTask":{"onNonDeterminism":"Ignore"}}}""", "hostJson.invalid", "Fail or Suspend")]
    [InlineData("""{"version":"1.0"}""", "hostJson.version", "2.0")]
    [InlineData("""{"version":"2.0",""", "settings.malformed", "line 1")]
    [InlineData("""{"version":"2.0","version":"2.0"}""", "settings.malformed", "host.json")]
    [InlineData("""[]""", "settings.malformed", "object")]
    public void A_wrong_host_json_stops_the_start_with_a_reason(string json, string code, string mentions)
    {
        _folder.Write("host.json", json);
        var refused = Assert.Throws<HostStartupException>(() => Read());
        Assert.Equal(code, refused.Code);
        Assert.Contains(mentions, refused.Message);
        Assert.NotEmpty(refused.Remedy);
        Assert.Equal(HostExitCodes.Configuration, refused.ExitCode);
    }

    [Fact]
    public async Task What_host_json_says_of_retention_limits_polls_and_poison_reaches_the_engine()
    {
        _folder.Write("host.json", """
            {"version":"2.0","extensions":{"durableTask":{
                "retention":"30.00:00:00","retentionOfFailed":"90.00:00:00","retentionInterval":"00:10:00","maxActivityAttempts":7,"maxProcessDeaths":5,"onNonDeterminism":"Suspend",
                "activityLimits":{"copyVdi":{"maxConcurrent":2,"maxStarts":60,"period":"01:00:00"}},
                "httpSettings":{"defaultAsyncRequestSleepTimeMilliseconds":2500} } } }
            """);
        var surroundings = new HostSurroundings { Environment = new Dictionary<string, string>(), LogToConsole = false };
        var builder = FunctionsHost.CreateBuilder(["--port", "0", "--settings-root", _folder.Path], surroundings);
        builder.UseDurableTask(registry => registry.AddActivity<CopyVdi>(), (services, _) => SampleHub.Create(services, Path.Combine(_folder.Path, "hub.db")));
        await using var app = builder.Build();
        var engine = app.Services.GetRequiredService<IOptions<DurableEngineOptions>>().Value;

        Assert.Equal((TimeSpan.FromDays(30), TimeSpan.FromDays(90), TimeSpan.FromMinutes(10)), (engine.Retention, engine.RetentionOfFailed, engine.RetentionInterval));
        Assert.Equal((7, 5, NonDeterminismAction.Suspend), (engine.MaxActivityAttempts, engine.MaxDeaths, engine.OnNonDeterminism));
        Assert.Equal(TimeSpan.FromSeconds(2.5), engine.HttpPollInterval);
        Assert.Equal(new ActivityLimit(2, 60, TimeSpan.FromHours(1)), engine.ActivityLimits["CopyVdi"]);
        Assert.Empty(Read().Warnings);
    }

    [Fact]
    public async Task A_limit_of_an_activity_that_is_not_there_stops_the_start()
    {
        _folder.Write("host.json", """{"version":"2.0","extensions":{"durableTask":{"activityLimits":{"CopyVid":{"maxConcurrent":2}}}}}""");
        using var error = new StringWriter();
        var surroundings = new HostSurroundings { Environment = new Dictionary<string, string>(), Error = error, LogToConsole = false };
        var code = await FunctionsHost.RunAsync(
            ["--port", "0", "--settings-root", _folder.Path], builder => builder.UseDurableTask(registry => registry.AddActivity<CopyVdi>(), (services, _) => SampleHub.Create(services, Path.Combine(_folder.Path, "hub.db"))), surroundings);
        Assert.Equal(HostExitCodes.Configuration, code);
        Assert.Contains("CopyVid", Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_connection_of_postgres_comes_from_the_setting_that_host_json_names()
    {
        _folder.Write("host.json", """{"version":"2.0","extensions":{"durableTask":{"storageProvider":{"type":"postgres","connectionName":"Hub"}}}}""");
        Assert.Equal("Host=127.0.0.1", Read(new() { ["Hub"] = "Host=127.0.0.1" }).DurableTask.ConnectionString);
        var settings = Read(new() { ["ConnectionStrings__Hub"] = "Host=127.0.0.2;Password=hunter2-canary" }).DurableTask;
        Assert.Equal(("postgres", "Host=127.0.0.2;Password=hunter2-canary"), (settings.StorageProviderType, settings.ConnectionString));
    }

    [Fact]
    public void A_missing_host_json_is_refused_and_a_missing_local_settings_json_is_not()
    {
        Assert.Equal("hostJson.missing", Assert.Throws<HostStartupException>(() => Read()).Code);
        _folder.Write("host.json", """{"version":"2.0"}""");
        Assert.Null(Read().Local.LocalHttpPort);
    }

    [Theory]
    [InlineData("""{"IsEncrypted":true,"Values":{"A":"c2VjcmV0"}}""", "localSettings.encrypted")]
    [InlineData("""{"Values":{"A":{"B":"x"}}}""", "localSettings.values")]
    [InlineData("""{"Values":["A"]}""", "localSettings.values")]
    [InlineData("""{"Host":{"LocalHttpPort":70000}}""", "localSettings.port")]
    [InlineData("""{"Values":{"Password":"hunter2-canary" "x"}}""", "settings.malformed")]
    public void A_wrong_local_settings_json_stops_the_start_without_quoting_values(string json, string code)
    {
        _folder.Write("host.json", """{"version":"2.0"}""");
        _folder.Write("local.settings.json", json);
        var refused = Assert.Throws<HostStartupException>(() => Read());
        Assert.Equal(code, refused.Code);
        Assert.DoesNotContain("canary", refused.Message + refused.Remedy);
    }

    [Theory]
    [InlineData("--port", "70000")]
    [InlineData("--port")]
    [InlineData("--prot", "1")]
    [InlineData("--address", "localhost")]
    [InlineData("serve")]
    public void A_wrong_command_line_is_a_usage_error(params string[] args)
    {
        var refused = Assert.Throws<HostStartupException>(() => HostCommandLine.Parse(args));
        Assert.Equal(HostExitCodes.Usage, refused.ExitCode);
    }

    [Fact]
    public void The_command_line_takes_both_ways_of_giving_a_value()
    {
        var line = HostCommandLine.Parse(["--port=8080", "--settings-root", _folder.Path]);
        Assert.Equal(8080, line.Port);
        Assert.Equal(_folder.Path, line.SettingsRoot);
        Assert.True(System.Net.IPAddress.IsLoopback(line.Address));
    }

    [Fact]
    public async Task A_start_up_error_is_one_line_and_an_exit_code()
    {
        _folder.Write("host.json", """{"version":"2.0","extensions":{"durableTask":{"storageProvider":{"type":"AzureStorage"}}}}""");
        using var error = new StringWriter();
        var surroundings = new HostSurroundings { Environment = new Dictionary<string, string>(), Error = error, LogToConsole = false };
        var code = await FunctionsHost.RunAsync(["--settings-root", _folder.Path], _ => { }, surroundings);

        Assert.Equal(HostExitCodes.Configuration, code);
        var line = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error hostJson.invalid: host.json: extensions.durableTask.storageProvider.type is 'AzureStorage'", line);
    }

    [Fact]
    public async Task What_the_app_itself_can_explain_ends_as_the_app_says()
    {
        _folder.Write("host.json", """{"version":"2.0"}""");
        using var error = new StringWriter();
        var surroundings = new HostSurroundings
        {
            Environment = new Dictionary<string, string>(),
            Error = error,
            LogToConsole = false,
            Explain = wrong => wrong is FormatException ? new HostStartupException("store.none", wrong.Message, "Name one.") : null,
        };
        var code = await FunctionsHost.RunAsync(["--settings-root", _folder.Path], _ => throw new FormatException("no store"), surroundings);
        Assert.Equal((HostExitCodes.Configuration, "error store.none: no store Name one."), (code, error.ToString().Trim()));
    }

    [Fact]
    public async Task A_fault_of_the_app_at_start_is_one_line_too()
    {
        _folder.Write("host.json", """{"version":"2.0"}""");
        using var error = new StringWriter();
        var surroundings = new HostSurroundings { Environment = new Dictionary<string, string>(), Error = error, LogToConsole = false };
        var code = await FunctionsHost.RunAsync(["--settings-root", _folder.Path], _ => throw new InvalidOperationException("no such thing"), surroundings);

        Assert.Equal(HostExitCodes.Software, code);
        Assert.Contains("no such thing", Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task Every_option_that_is_wrong_is_named_at_start()
    {
        _folder.Write("host.json", """{"version":"2.0"}""");
        using var error = new StringWriter();
        var surroundings = new HostSurroundings { Environment = new Dictionary<string, string>(), Error = error, LogToConsole = false };
        var code = await FunctionsHost.RunAsync(
            ["--port", "0", "--settings-root", _folder.Path],
            builder =>
            {
                builder.Services.AddOptions<FirstOptions>().Validate(options => options.Name is not null, "First:Name is missing.").ValidateOnStart();
                builder.Services.AddOptions<SecondOptions>().Validate(options => options.Name is not null, "Second:Name is missing.").ValidateOnStart();
            },
            surroundings);

        Assert.Equal(HostExitCodes.Configuration, code);
        Assert.StartsWith("error settings.invalid: ", error.ToString());
        Assert.Contains("First:Name is missing.", error.ToString());
        Assert.Contains("Second:Name is missing.", error.ToString());
    }

    [Fact]
    public async Task A_port_in_use_is_said_and_has_its_own_exit_code()
    {
        _folder.Write("host.json", """{"version":"2.0"}""");
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        using var error = new StringWriter();
        var surroundings = new HostSurroundings { Environment = new Dictionary<string, string>(), Error = error, LogToConsole = false };
        var code = await FunctionsHost.RunAsync(["--port", $"{((System.Net.IPEndPoint)taken.LocalEndpoint).Port}", "--settings-root", _folder.Path], _ => { }, surroundings);

        Assert.Equal(HostExitCodes.Unavailable, code);
        Assert.StartsWith("error port.unavailable: ", error.ToString());
    }

    [Fact]
    public async Task A_run_says_where_it_listens_and_ends_with_zero_when_told_to_stop()
    {
        _folder.Write("host.json", """{"version":"2.0"}""");
        using var output = new LineWriter();
        using var stop = new CancellationTokenSource();
        var surroundings = new HostSurroundings { Environment = new Dictionary<string, string>(), Output = output, LogToConsole = false };
        var run = FunctionsHost.RunAsync(["--port", "0", "--settings-root", _folder.Path], _ => { }, surroundings, stop.Token);

        Assert.Matches(@"^listening http://127\.0\.0\.1:\d+$", await output.First.WaitAsync(TimeSpan.FromSeconds(20)));
        await stop.CancelAsync();
        Assert.Equal(HostExitCodes.Success, await run);
    }

    private HostSettings Read(Dictionary<string, string>? environment = null) => HostSettings.Read(_folder.Path, environment ?? []);

    public sealed class FirstOptions
    {
        public string? Name { get; set; }
    }

    public sealed class SecondOptions
    {
        public string? Name { get; set; }
    }

    private sealed class CopyVdi : SnapshotWorkflows.Durable.TaskActivity<int, int>
    {
        public override Task<int> RunAsync(SnapshotWorkflows.Durable.TaskActivityContext context, int input) => Task.FromResult(input);
    }

    private sealed class LineWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> First => _first.Task;

        public override Task WriteLineAsync(string? value)
        {
            _first.TrySetResult(value ?? "");
            return base.WriteLineAsync(value);
        }
    }
}
