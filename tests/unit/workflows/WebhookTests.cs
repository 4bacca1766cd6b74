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

    /// <summary>The worst that the catalog can do: its writers' lock is held for as long as it takes. CloudStack has its answer in time, whatever becomes of the event; no thread waits that nobody needs; and once the lock is free it is stored.</summary>
    [Fact]
    public async Task While_the_catalogs_writers_are_held_up_the_answer_is_503_within_its_bound()
    {
        var folder = Directory.CreateTempSubdirectory("swf-webhook-").FullName;
        using (var catalog = new CatalogDatabase(Path.Combine(folder, "catalog.db")))
        using (var held = new ManualResetEventSlim())
        {
            var events = new EventLedger(catalog, TimeProvider.System);
            using var intake = new EventIntake(events, TimeProvider.System, NullLogger<EventIntake>.Instance);
            using var release = new ManualResetEventSlim();
            var prune = Task.Factory.StartNew(() => catalog.Write("held", (_, _) => { held.Set(); release.Wait(TimeSpan.FromMinutes(1)); return 0; }), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            held.Wait(TestContext.Current.CancellationToken);
            try
            {
                // Real time: what is measured is how long a caller waits.
                var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(async n =>
                {
                    var began = TimeProvider.System.GetTimestamp();
                    var status = await TakeAsync(intake, events, $"event-{n}");
                    return (Status: status, Took: TimeProvider.System.GetElapsedTime(began));
                }));
                Assert.All(answers, answer => Assert.Equal(503, answer.Status));
                Assert.True(answers.Max(answer => answer.Took) < TimeSpan.FromSeconds(1), $"the slowest took {answers.Max(answer => answer.Took)}");
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
