using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A guest is thawed by every means for as long as it can be frozen by us, and for no longer.</summary>
public sealed class FreezeThawTests : HttpMessageHandler, IActivityExecution
{
    private const string Frozen = """{"frozen":true,"marker":"m","at":"2026-11-27T12:00:00Z"}""";
    private const string Thawed = """{"marker":"m","held":true,"heldMs":40}""";
    private static readonly FreezeInput s_input = new(new RequestKey(new string('a', 32)), "vm-1", "m");

    private readonly string _folder = Directory.CreateTempSubdirectory("swf-thaw-").FullName;
    private readonly ManualTimeProvider _clock = new(new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));
    private readonly CatalogDatabase _catalog;
    private readonly IntentLedger _intents;
    private readonly List<string> _calls = [];
    private Func<string, HttpResponseMessage> _agent = _ => new HttpResponseMessage(HttpStatusCode.NotFound);
    private bool _silent;

    public FreezeThawTests()
    {
        _catalog = new CatalogDatabase(Path.Combine(_folder, "catalog.db"));
        _intents = new IntentLedger(_catalog, _clock);
    }

    public CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public int Attempt => 1;

    public string InstanceId => new('0', 32);

    public int TaskId => 1;

    public ValueTask ReportProgressAsync(object progress) => ValueTask.CompletedTask;

    [Theory]
    [InlineData("", HttpStatusCode.OK, "quiesce.not-configured")]
    [InlineData("http://hook.test", HttpStatusCode.NotFound, "quiesce.unknown-vm")]
    [InlineData("http://hook.test", HttpStatusCode.Unauthorized, "quiesce.denied")]
    public async Task A_freeze_that_was_refused_at_its_first_call_needs_no_thaw(string url, HttpStatusCode status, string code)
    {
        _agent = _ => new HttpResponseMessage(status);
        Assert.Equal(code, await CodeAsync(() => FreezeAsync(url)));
        Assert.Equal(new ThawReceipt(false, 0), await ThawAsync(url));
        Assert.Empty(_intents.Open(s_input.Key));
    }

    [Fact]
    public async Task An_agent_that_dies_while_the_guest_is_frozen_is_asked_until_its_time_to_live_is_long_over()
    {
        _agent = _ => Answer(Frozen);
        await FreezeAsync();
        _agent = _ => throw new HttpRequestException(HttpRequestError.ConnectionError);
        for (var waited = 0; waited <= 60; waited += 10)
        {
            Assert.Equal("quiesce.unreachable", await CodeAsync(() => ThawAsync()));
            if (waited < 60) _clock.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(7, _calls.Count(call => call.EndsWith("/thaw", StringComparison.Ordinal)));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new ThawReceipt(false, 0), await ThawAsync());
        Assert.Empty(_intents.Open(s_input.Key));
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Unauthorized)]
    public async Task A_guest_that_was_frozen_is_thawed_however_often_that_was_refused_before(HttpStatusCode refusal)
    {
        _agent = _ => Answer(Frozen);
        await FreezeAsync();
        _agent = _ => new HttpResponseMessage(refusal);
        await CodeAsync(() => ThawAsync());
        _clock.Advance(TimeSpan.FromSeconds(5));
        await CodeAsync(() => ThawAsync());
        Assert.NotEmpty(_intents.Open(s_input.Key));
        _agent = _ => Answer(Thawed);
        Assert.Equal(new ThawReceipt(true, 40), await ThawAsync());
    }

    /// <summary>How much of its time is left nobody knows: the guest runs in between, and the snapshot is taken in a freeze that has all of its time.</summary>
    [Fact]
    public async Task A_freeze_whose_answer_was_lost_is_ended_before_another_begins()
    {
        _agent = _ => throw new HttpRequestException(HttpRequestError.ConnectionError);
        Assert.Equal("quiesce.unreachable", await CodeAsync(() => FreezeAsync()));
        _agent = path => Answer(path.EndsWith("/freeze", StringComparison.Ordinal) ? Frozen : Thawed);
        await FreezeAsync();
        Assert.Equal(["/freeze", "/thaw", "/freeze"], _calls);
    }

    /// <summary>The guest waits for it.</summary>
    [Fact]
    public async Task A_thaw_that_is_not_answered_is_given_up_after_two_seconds()
    {
        _agent = _ => Answer(Frozen);
        await FreezeAsync();
        _silent = true;
        var thaw = CodeAsync(() => ThawAsync());
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(thaw.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal("quiesce.unreachable", await thaw);
    }

    /// <summary>The first call may have frozen it, so a refusal of the second proves nothing.</summary>
    [Fact]
    public async Task A_freeze_whose_answer_was_lost_and_that_is_then_refused_may_have_frozen()
    {
        _agent = _ => throw new HttpRequestException(HttpRequestError.ConnectionError);
        Assert.Equal("quiesce.unreachable", await CodeAsync(() => FreezeAsync()));
        _agent = _ => new HttpResponseMessage(HttpStatusCode.NotFound);
        Assert.Equal("quiesce.unknown-vm", await CodeAsync(() => FreezeAsync()));
        Assert.Equal("quiesce.unknown-vm", await CodeAsync(() => ThawAsync()));
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(new ThawReceipt(false, 0), await ThawAsync());
    }

    [Fact]
    public async Task A_clock_that_was_set_back_does_not_make_the_wait_endless()
    {
        _agent = _ => Answer(Frozen);
        await FreezeAsync();
        _agent = _ => new HttpResponseMessage(HttpStatusCode.NotFound);
        Assert.Equal(new ThawReceipt(false, 0), await ThawAsync(clock: new ManualTimeProvider(_clock.GetUtcNow().AddHours(-2))));
    }

    [Fact]
    public void A_request_for_the_hook_is_refused_at_once_where_there_is_no_agent()
    {
        var refused = Assert.Throws<BadRequestException>(() => new QuiescingOptions().Require(QuiesceMode.Hook));
        Assert.Equal("quiesce.not-configured", refused.Code);
        new QuiescingOptions().Require(QuiesceMode.None);
        new QuiescingOptions().Require(QuiesceMode.Pause);
        new QuiescingOptions { Url = "http://hook.test" }.Require(QuiesceMode.Hook);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _calls.Add(request.RequestUri!.AbsolutePath);
        if (_silent) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return _agent(request.RequestUri.AbsolutePath);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing) return;
        _catalog.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Task<FreezeReceipt> FreezeAsync(string url = "http://hook.test") => new Freeze(Hook(url), null!, _intents, this).RunAsync(null!, s_input);

    private Task<ThawReceipt> ThawAsync(string url = "http://hook.test", TimeProvider? clock = null) => new Thaw(Hook(url), null!, _intents, clock ?? _clock, NullLogger<Thaw>.Instance, this).RunAsync(null!, s_input);

    private QuiesceHook Hook(string url) => new(new HttpClient(this, disposeHandler: false), Options.Create(new QuiesceHookOptions { Url = url, Token = "t" }), _clock);

    private static async Task<string> CodeAsync(Func<Task> step) => (await Assert.ThrowsAsync<StepFaultException>(step)).Fault.Code;

    private static HttpResponseMessage Answer(string json) => new(HttpStatusCode.OK) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
}
