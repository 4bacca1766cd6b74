using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class WebhookTests
{
    [Fact]
    public void Only_the_secrets_signature_of_these_very_bytes_fits()
    {
        var body = "{\"event\":\"SNAPSHOT.CREATE\"}"u8.ToArray();
        var signature = Sign("new", body);
        Assert.True(WebhookSignature.Fits("old, new", body, signature));
        Assert.True(WebhookSignature.Fits("new", body, signature));
        Assert.False(WebhookSignature.Fits("old", body, signature));
        Assert.False(WebhookSignature.Fits("new", [.. body, (byte)' '], signature));
        foreach (var bad in (string?[])[null, "", "x", signature[..^1], signature + "=", signature.ToUpperInvariant(), new string('A', 44), " " + signature[1..]])
        {
            Assert.False(WebhookSignature.Fits("new", body, bad), bad);
        }

        // A secret of nothing is no secret.
        Assert.False(WebhookSignature.Fits("", body, Sign("", body)));
        Assert.False(WebhookSignature.Fits(" , ,", body, Sign("", body)));
    }

    /// <summary>The worst that the catalog can do: its writers' lock is held for as long as it takes. CloudStack has its answer within the second, whatever becomes of the event; no thread waits that nobody needs; and once the lock is free it is stored.</summary>
    [Fact]
    public async Task While_the_catalogs_writers_are_held_up_the_answer_is_503_within_its_bound()
    {
        var folder = Directory.CreateTempSubdirectory("swf-webhook-").FullName;
        using (var catalog = new CatalogDatabase(Path.Combine(folder, "catalog.db")))
        using (var held = new ManualResetEventSlim())
        {
            var events = new EventLedger(catalog, TimeProvider.System);
            var clock = new ManualTimeProvider();
            var intake = new EventIntake(events, clock, NullLogger<EventIntake>.Instance);
            using var release = new ManualResetEventSlim();
            var prune = Task.Factory.StartNew(() => catalog.Write("held", (_, _) => { held.Set(); release.Wait(TimeSpan.FromMinutes(1)); return 0; }), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            held.Wait(TestContext.Current.CancellationToken);
            try
            {
                // None is answered before its patience ends, for until then it may be stored; then all are, those that found no place too.
                var answers = Enumerable.Range(0, 40).Select(n => TakeAsync(intake, events, $"event-{n}")).ToList();
                clock.Advance(TimeSpan.FromMilliseconds(399));
                Assert.DoesNotContain(answers, answer => answer.IsCompleted);
                clock.Advance(TimeSpan.FromMilliseconds(1));
                Assert.All(await Task.WhenAll(answers), status => Assert.Equal(503, status));
            }
            finally
            {
                release.Set();
                await prune;
            }

            // Those that were under way come in late, once each; the catch-up starts them.
            SpinWait.SpinUntil(() => events.Waiting(100).Count == 8, TimeSpan.FromSeconds(10));
            Assert.Equal(8, events.Waiting(100).Count);
            Assert.Equal(200, await TakeAsync(intake, events, "event-0"));
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>It was said to be late, and the catalog then refuses it with whatever the database says: somebody has to be told.</summary>
    [Fact]
    public async Task An_event_that_is_late_and_then_not_stored_is_told_to_the_log()
    {
        var folder = Directory.CreateTempSubdirectory("swf-webhook-").FullName;
        using (var catalog = new CatalogDatabase(Path.Combine(folder, "catalog.db")))
        using (var held = new ManualResetEventSlim())
        using (var release = new ManualResetEventSlim())
        {
            var (clock, log) = (new ManualTimeProvider(), new IntakeLog());
            var intake = new EventIntake(new EventLedger(catalog, TimeProvider.System), clock, log);
            var broken = Task.Factory.StartNew(() => catalog.Write("held", (connection, transaction) =>
            {
                held.Set();
                release.Wait(TimeSpan.FromMinutes(1));
                return connection.Command(transaction, "DROP TABLE events").ExecuteNonQuery();
            }), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            held.Wait(TestContext.Current.CancellationToken);
            var accepted = intake.AcceptAsync(new CloudEvent("event-1", "SNAPSHOT.CREATE", "x"), TestContext.Current.CancellationToken);
            clock.Advance(TimeSpan.FromMilliseconds(400));
            Assert.Null(await accepted);
            release.Set();
            await broken;
            Assert.Equal(4304, await log.First.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        }

        Directory.Delete(folder, recursive: true);
    }

    private sealed class IntakeLog : Microsoft.Extensions.Logging.ILogger<EventIntake>
    {
        public TaskCompletionSource<int> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(Microsoft.Extensions.Logging.LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            First.TrySetResult(eventId.Id);
    }

    private static async Task<int> TakeAsync(EventIntake intake, EventLedger events, string id)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"event":"SNAPSHOT.CREATE","status":"Completed","entityuuid":"{{Guid.NewGuid()}}"}""");
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services, Response = { Body = new MemoryStream() } };
        context.Request.Body = new MemoryStream(body);
        context.Request.Headers["X-CS-Event-ID"] = id;
        context.Request.Headers["X-CS-Signature"] = Sign("secret", body);
        var triggers = new CloudEventTriggers(intake, events, Options.Create(new WebhookOptions { Secret = "secret" }), TimeProvider.System, NullLogger<CloudEventTriggers>.Instance);
        await (await triggers.TakeAsync(context.Request, new EmptyHub(), TestContext.Current.CancellationToken)).ExecuteResultAsync(new ActionContext { HttpContext = context });
        return context.Response.StatusCode;
    }

    [Fact]
    public void Any_bytes_are_an_event_or_a_refusal_with_a_code()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var good = "{\"event\":\"SNAPSHOT.CREATE\",\"status\":\"Completed\",\"entityuuid\":\"7f0d3a52-8f3a-4b5e-9d5e-000000000001\",\"x\":[{\"y\":null}]}"u8.ToArray();
        Assert.Equal("SNAPSHOT.CREATE", CloudEventBody.Parse(good).Type);
        for (var n = 0; n < 20_000; n++)
        {
            var bytes = n % 3 == 0 ? new byte[random.Next(200)] : [.. good];
            if (n % 3 == 0) random.NextBytes(bytes);
            else for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (n % 5 == 0) bytes = bytes[..random.Next(bytes.Length + 1)];
            try
            {
                var parsed = CloudEventBody.Parse(bytes);
                Assert.True(parsed.Type.Length is > 0 and <= 200 && parsed.Status.Length is > 0 and <= 200, $"seed {seed}, round {n}");
            }
            catch (BadRequestException refused)
            {
                Assert.Equal("event.invalid", refused.Code);
            }
        }
    }

    [Theory]
    [InlineData("https://done.example/hooks/a", true)]
    [InlineData("https://done.example/hooks", true)]
    [InlineData("https://DONE.example:443/hooks/a?x=1", true)]
    [InlineData("https://done.example/hooksome", false)]
    [InlineData("https://done.example/", false)]
    [InlineData("http://done.example/hooks/a", false)]
    [InlineData("https://done.example:444/hooks/a", false)]
    [InlineData("https://user@done.example/hooks/a", false)]
    [InlineData("https://done.example.evil/hooks/a", false)]
    [InlineData("https://done.example/hooks/../admin", false)]
    [InlineData("https://done.example/hooks/a#b", false)]
    [InlineData("ftp://done.example/hooks/a", false)]
    [InlineData("/hooks/a", false)]
    [InlineData("file:///etc/passwd", false)]
    public void Only_listed_addresses_are_called(string address, bool allowed)
    {
        var options = new CallbackOptions { Secret = "s" };
        options.Allowed.Add("https://done.example/hooks");
        Assert.Equal(allowed, options.Allows(address));
        Assert.False(new CallbackOptions { Secret = "s" }.Allows(address));
        var unsigned = new CallbackOptions();
        unsigned.Allowed.Add("https://done.example/hooks");
        Assert.False(unsigned.Allows(address));
    }

    [Fact]
    public void A_policy_may_follow_cloudstack_without_a_schedule_and_no_other_may_do_without()
    {
        var follow = PolicyBody.Parse("p", Encoding.UTF8.GetBytes("{\"followCloudStack\":true,\"volumes\":{\"tag\":{\"key\":\"backup\"}}}"));
        Assert.True(follow is { FollowCloudStack: true, Schedule: "" });
        Assert.Null(PolicySchedule.Of(follow));
        Assert.Throws<BadRequestException>(() => PolicyBody.Parse("p", Encoding.UTF8.GetBytes("{\"volumes\":{\"tag\":{\"key\":\"backup\"}}}")));
        Assert.Throws<BadRequestException>(() => PolicyBody.Parse("p", Encoding.UTF8.GetBytes("{\"followCloudStack\":true,\"schedule\":\"nonsense\",\"volumes\":{\"tag\":{\"key\":\"backup\"}}}")));
    }

    private static string Sign(string secret, byte[] body) => Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
}
