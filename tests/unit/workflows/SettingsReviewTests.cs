using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.App;
using SnapshotWorkflows.App.Commands;
using SnapshotWorkflows.App.Settings;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A slip in the settings stops the start or is told by name; it never takes a pool, a destination or a role away in silence, and no value is printed.</summary>
public sealed class SettingsReviewTests : IDisposable
{
    private const string Slip = "S3cretSlip";
    private readonly string _root = Directory.CreateTempSubdirectory("settings").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Theory]
    [InlineData("tennant", false)]
    [InlineData("readonly", false)]
    [InlineData("reader,operator", false)]
    [InlineData("3", false)]
    [InlineData("None", false)]
    [InlineData("", false)]
    [InlineData("tenant", true)]
    [InlineData("Reader", true)]
    [InlineData("OPERATOR", true)]
    public void A_role_is_exactly_one_of_the_roles(string role, bool known)
    {
        var review = Review(("Access:Keys:acme:Role", role), ("Access:Keys:acme:Accounts:0", "x"));
        if (known) Assert.Empty(review.Faults);
        else Assert.Equal("Access:Keys:acme:Role must be one of reader, tenant, operator.", Assert.Single(review.Faults));
    }

    [Theory]
    [InlineData("Access:Key:acme:Role", "Access:Key is no setting; Access:Keys is.")]
    [InlineData("Access:Keys:acme:Rolle", "Access:Keys:acme:Rolle is no setting; Access:Keys:acme:Role is.")]
    [InlineData("Access:Keys:acme", "Access:Keys:acme has no value of its own")]
    [InlineData("Acces:Keys:acme:Role", "Acces is no setting; Access is.")]
    [InlineData("Access:Keys:acme:Accounts", "Access:Keys:acme:Accounts has no value of its own: settings stand beneath it, as Access:Keys:acme:Accounts:0.")]
    [InlineData("Secondary:Destinations:0:Chunk:Keys:a", "Secondary:Destinations:0:Chunk is no setting; Secondary:Destinations:0:Chunks is.")]
    [InlineData("Secondary:Destinations:0:RequireMount", "Secondary:Destinations:0:RequireMount must be true or false.")]
    [InlineData("Secondary:Destinations:0:MinimumFreeBytes", "Secondary:Destinations:0:MinimumFreeBytes must be a whole number.")]
    [InlineData("Secondary:Destinations:0:Throttle:Concurrency", "Secondary:Destinations:0:Throttle:Concurrency must be a whole number of at most 2147483647.")]
    [InlineData("Secondary:Destinations:0", "Secondary:Destinations:0 has no value of its own")]
    [InlineData("XenServer:Pools:0:ReadAttempts", "XenServer:Pools:0:ReadAttempts must be a whole number of at most 2147483647.")]
    [InlineData("XenServer:Pools:0:AllowPlainNbd", "XenServer:Pools:0:AllowPlainNbd must be true or false.")]
    [InlineData("SolidFire:CallTimeout", "SolidFire:CallTimeout must be a duration as hh:mm:ss or d.hh:mm:ss")]
    [InlineData("SolidFire:Arrays:0:CallTimeout", "SolidFire:Arrays:0:CallTimeout must be a duration")]
    [InlineData("Upkeep:LeakAge", "Upkeep:LeakAge must be a duration")]
    [InlineData("Upkeep:PurgeAtUsedShare", "Upkeep:PurgeAtUsedShare must be a number, such as 0.85.")]
    [InlineData("Catalog:Keep:AuditDays", "Catalog:Keep:AuditDays must be a whole number")]
    [InlineData("Quiesce:Pause:HighAvailabilityIsOff", "Quiesce:Pause:HighAvailabilityIsOff must be true or false.")]
    public void A_slip_is_named_and_its_value_is_not(string key, string told)
    {
        var review = Review((key, Slip));
        Assert.StartsWith(told, Assert.Single(review.Faults), StringComparison.Ordinal);
        Assert.DoesNotContain(Slip, string.Join(' ', review.Faults), StringComparison.Ordinal);
        Assert.DoesNotContain(review.Sound.AsEnumerable(), pair => pair.Value == Slip && !told.Contains("is no setting", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("24:00:00", false)]
    [InlineData("30", false)]
    [InlineData("24h", false)]
    [InlineData("1.00:00:00", true)]
    [InlineData("23:59:59.5", true)]
    [InlineData("00:30", true)]
    public void A_duration_is_in_days_only_where_it_says_days(string value, bool good) =>
        Assert.Equal(good ? 0 : 1, Review(("Upkeep:LeakAge", value)).Faults.Count);

    [Fact]
    public void What_nothing_reads_is_warned_of_by_name_and_what_is_not_ours_is_left_alone()
    {
        var review = Review(
            ("SolidFire:Pasword", Slip), ("Upkeep:LeakAges", "1.00:00:00"), ("Upkep:LeakAge", "1.00:00:00"), ("CloudStack:Webhook:Secrets", Slip),
            ("Logging:LogLevel:Default", "Debug"), ("ConnectionStrings:Hub", Slip), ("AzureWebJobsStorage", ""), ("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated"), ("Copy", "x"), ("PATH", "/bin"), ("AzureWebJobs.X.Disabled", "true"));
        Assert.Empty(review.Faults);
        string[] expected =
        [
            "CloudStack:Webhook:Secrets is no setting and has no effect; CloudStack:Webhook:Secret is one.",
            "SolidFire:Pasword is no setting and has no effect; SolidFire:Password is one.",
            "Upkeep:LeakAges is no setting and has no effect; Upkeep:LeakAge is one.",
            "Upkep is no setting and has no effect; Upkeep is one.",
        ];
        Assert.Equal(expected, review.Warnings.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Whatever_the_options_hold_is_a_setting()
    {
        var keys = SettingsSections.All.SelectMany(section => section.Value.SelectMany(type => Keys(type, section.Key))).ToList();
        Assert.Contains("Secondary:Destinations:0:Chunks:Keys:0", keys);
        Assert.Contains("Access:Keys:0:Accounts:0", keys);
        var review = Review([.. keys.Select(key => (key, Slip))]);
        Assert.DoesNotContain(review.Faults, fault => fault.Contains("is no setting", StringComparison.Ordinal) || fault.Contains("no value of its own", StringComparison.Ordinal));
        Assert.Empty(review.Warnings);

        static IEnumerable<string> Keys(Type type, string path) => SettingValue.IsScalar(type) ? [path]
            : type.IsGenericType ? Keys(type.GetGenericArguments()[^1], $"{path}:0")
            : type.GetProperties().Where(property => property.SetMethod is { IsPublic: true } || property.PropertyType.IsGenericType).SelectMany(property => Keys(property.PropertyType, $"{path}:{property.Name}"));
    }

    [Fact]
    public async Task A_start_names_all_that_is_wrong_at_once_and_ends_with_78()
    {
        var error = await StartAsync(
            ("SnapshotWorkflows:StatePath", "state"), ("SolidFire:Endpoint", "https://a/json-rpc/12.5"), ("SolidFire:Username", "u"), ("SolidFire:CallTimeout", Slip),
            ("XenServer:Pools:0:Name", "p"), ("XenServer:Pools:0:Endpoint", "https://p"), ("XenServer:Pools:0:Username", "u"), ("XenServer:Pools:0:Password", "x"), ("XenServer:Pools:0:ReadAttempts", "abc"),
            ("CloudStack:Endpoint", "https://c/client/api"), ("CloudStack:ApiKey", "k"),
            ("Secondary:Destinations:0:Name", "nfs"), ("Secondary:Destinations:0:Kind", "tape"),
            ("Access:Keys:acme:Role", "tennant"), ("Upkeep:ScrubBytesPerDay", "-5"), ("Callbacks:Allowed:0", "https://user:pass@host/"));
        Assert.StartsWith("error settings.invalid: ", error, StringComparison.Ordinal);
        string[] named =
        [
            "SolidFire:CallTimeout must be", "SolidFire:Password is missing", "XenServer:Pools:0:ReadAttempts must be", "CloudStack:SecretKey is missing", "SnapshotWorkflows:Installation is missing", "has the Kind 'tape'",
            "Access:Keys:acme:Role must be", "Upkeep:ScrubBytesPerDay must not be negative", "Callbacks:Allowed takes",
        ];
        Assert.All(named, one => Assert.Contains(one, error, StringComparison.Ordinal));
        string[] never = [Slip, "tennant", "user:pass", "DataAnnotation", "Pools is empty"];
        Assert.All(never, one => Assert.DoesNotContain(one, error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Destinations_in_one_place_and_names_that_no_installation_can_have_stop_the_start()
    {
        var error = await StartAsync(
            ("SnapshotWorkflows:StatePath", "state"), ("SnapshotWorkflows:Installation", "ours"), ("SnapshotWorkflows:TakesOver:0", "old"), ("SnapshotWorkflows:TakesOver:1", "../*"),
            ("Secondary:Destinations:0:Name", "nfs1"), ("Secondary:Destinations:0:Path", "store"), ("Secondary:Destinations:1:Name", "nfs2"), ("Secondary:Destinations:1:Path", "store/inner"),
            ("Secondary:Destinations:2:Name", "nfs3"), ("Secondary:Destinations:2:Path", "state/store"));
        Assert.StartsWith("error settings.invalid: ", error, StringComparison.Ordinal);
        Assert.Contains("destinations 'nfs1' and 'nfs2' have the same Path", error, StringComparison.Ordinal);
        Assert.Contains("destination 'nfs3' has a Path within SnapshotWorkflows:StatePath", error, StringComparison.Ordinal);
        Assert.Contains("SnapshotWorkflows:TakesOver takes names of installations", error, StringComparison.Ordinal);
        Assert.DoesNotContain("../*", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("file/beneath")]
    [InlineData("/proc/x")]
    public async Task A_state_path_that_can_be_no_folder_is_a_setting_that_is_wrong(string path)
    {
        File.WriteAllText(Path.Combine(_root, "file"), "");
        Assert.StartsWith("error settings.invalid: SnapshotWorkflows:StatePath names no folder: ", await StartAsync(("SnapshotWorkflows:StatePath", path)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_surrogate_in_a_settings_file_is_told_as_such()
    {
        File.WriteAllText(Path.Combine(_root, "host.json"), """{ "version": "2.0" }""");
        File.WriteAllText(Path.Combine(_root, "local.settings.json"), """{ "Values": { "SolidFire:Password": "\ud800" } }""");
        Assert.Equal(HostExitCodes.Configuration, await FunctionsHost.RunAsync(["--settings-root", _root, "--port", "0"], Composition.Configure, Surroundings()));
        Assert.StartsWith("error settings.malformed: ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_is_kept_by_faults_of_what_it_uses_alone()
    {
        Write(("SnapshotWorkflows:Installation", "ours"), ("SnapshotWorkflows:StatePath", "state"), ("SolidFire:CallTimeout", Slip), ("Secondary:Destinations:0:RequireMount", Slip));
        Assert.Equal(HostExitCodes.Configuration, await RestoreFile.RunAsync(["--settings-root", _root, "--snapshot", "x", "--output", Path.Combine(_root, "o")], Surroundings()));
        Assert.StartsWith("error settings.invalid: Secondary:Destinations:0:RequireMount must be true or false. Correct", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(HostExitCodes.Usage, await RebuildCatalog.RunAsync(["--bogus"], Surroundings()));
        Assert.EndsWith("--help shows what each command takes.", _error.ToString().TrimEnd(), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static SettingsReview Review(params (string Key, string Value)[] settings) => SettingsReview.Of(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))).Build());

    private async Task<string> StartAsync(params (string Key, string Value)[] settings)
    {
        Write(settings);
        var exit = await FunctionsHost.RunAsync(["--settings-root", _root, "--port", "0"], Composition.Configure, Surroundings(), TestContext.Current.CancellationToken);
        Assert.True(exit == HostExitCodes.Configuration, $"{exit}: {_error}");
        return _error.ToString();
    }

    private void Write(params (string Key, string Value)[] settings)
    {
        File.WriteAllText(Path.Combine(_root, "host.json"), """{ "version": "2.0" }""");
        File.WriteAllText(Path.Combine(_root, "local.settings.json"), System.Text.Json.JsonSerializer.Serialize(new { Values = settings.ToDictionary(one => one.Key, one => one.Value) }));
    }

    private HostSurroundings Surroundings() => new() { Environment = new Dictionary<string, string>(StringComparer.Ordinal), Output = _output, Error = _error };
}
