using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Fabric;

/// <summary>The same endpoint must look the same behind Kestrel and behind the in-process handler.</summary>
public sealed class ExchangeTests
{
    private sealed class Endpoint(Func<HttpContext, Task> answer) : ISimulatedEndpoint
    {
        public Task InvokeAsync(HttpContext context) => answer(context);
    }

    private static async Task WithBoth(Func<HttpContext, Task> answer, Func<HttpClient, Task> check)
    {
        using (var inProcess = new HttpClient(new InProcessHandler().Add("array.test:443", new Endpoint(answer))))
        {
            inProcess.BaseAddress = new Uri("https://array.test");
            await check(inProcess);
        }

        await using var server = await SimulatorServer.StartAsync(new Endpoint(answer));
        using var handler = new HttpClientHandler
        {
            // The certificate is pinned by its fingerprint, which is what the rule wants of a validation of one's own.
#pragma warning disable MA0039
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
                Convert.ToHexStringLower(SHA256.HashData(certificate!.RawData)) == server.CertificateSha256,
#pragma warning restore MA0039
        };
        using var client = new HttpClient(handler) { BaseAddress = server.Uri };
        await check(client);
    }

    [Fact]
    public Task A_request_and_its_answer_arrive_whole() => WithBoth(
        async context =>
        {
            var body = await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Response.StatusCode = 201;
            context.Response.Headers["X-Path"] = context.Request.Path + context.Request.QueryString;
            await context.Response.WriteAsync($"{context.Request.Method} {body} {context.Request.Headers.Authorization}");
        },
        async client =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/json-rpc/12.5?x=1") { Content = new StringContent("hello") };
            request.Headers.TryAddWithoutValidation("Authorization", "Basic abc");
            using var response = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            Assert.Equal("/json-rpc/12.5?x=1", response.Headers.GetValues("X-Path").Single());
            Assert.Equal("POST hello Basic abc", await response.Content.ReadAsStringAsync());
        });

    [Fact]
    public Task An_aborted_exchange_is_a_transport_error() => WithBoth(
        context =>
        {
            context.Abort();
            return Task.CompletedTask;
        },
        client => Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("/", UriKind.Relative))));

    [Fact]
    public Task A_body_cut_in_the_middle_delivers_its_first_bytes_and_then_breaks() => WithBoth(
        context => FaultedExchange.AnswerAsync(
            context, new FaultSpecification { System = "s", Method = "m", Action = FaultAction.Truncate, Bytes = 100 },
            TimeProvider.System, 200, "text/plain", new byte[1000]),
        async client =>
        {
            using var response = await client.GetAsync(new Uri("/", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await response.Content.ReadAsStreamAsync();
            await stream.ReadExactlyAsync(new byte[100]);
            await Assert.ThrowsAnyAsync<IOException>(async () => await stream.ReadExactlyAsync(new byte[1]));
        });

    [Fact]
    public Task A_long_body_streams_with_back_pressure() => WithBoth(
        async context =>
        {
            var block = new byte[1 << 20];
            for (var i = 0; i < 64; i++)
            {
                Array.Fill(block, (byte)i);
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }
        },
        async client =>
        {
            using var response = await client.GetAsync(new Uri("/", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await response.Content.ReadAsStreamAsync();
            var block = new byte[1 << 20];
            for (var i = 0; i < 64; i++)
            {
                await stream.ReadExactlyAsync(block);
                Assert.False(block.AsSpan().ContainsAnyExcept((byte)i));
            }

            Assert.Equal(0, await stream.ReadAsync(block));
        });

    [Fact]
    public async Task A_client_that_gives_up_is_seen_by_the_endpoint()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await WithBoth(
            async context =>
            {
                if (!await FaultedExchange.HoldAsync(TimeSpan.FromHours(1), TimeProvider.System, context.RequestAborted))
                {
                    seen.TrySetResult();
                }
            },
            async client =>
            {
                seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetAsync(new Uri("/", UriKind.Relative), impatience.Token));
                await seen.Task.WaitAsync(TimeSpan.FromSeconds(10));
            });
    }

    [Fact]
    public void In_process_a_synchronous_endpoint_answers_synchronously()
    {
        using var client = new HttpClient(new InProcessHandler().Add("a.test:443", new Endpoint(
            context => FaultedExchange.AnswerAsync(context, null, TimeProvider.System, 200, "text/plain", Encoding.UTF8.GetBytes("ok")))));
        var sending = client.PostAsync(new Uri("https://a.test/"), new StringContent("x"));
        Assert.True(sending.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task In_process_an_unknown_address_refuses_the_connection()
    {
        using var client = new HttpClient(new InProcessHandler());
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("https://nobody.test/")));
        Assert.Equal(HttpRequestError.ConnectionError, refused.HttpRequestError);
    }

    [Theory]
    [InlineData(FaultAction.DropRequest, 0)]
    [InlineData(FaultAction.DropAnswer, 1)]
    public async Task A_dropped_request_has_no_effect_and_a_dropped_answer_has_one(FaultAction action, int effects)
    {
        var done = 0;
        var fault = new FaultSpecification { System = "s", Method = "m", Action = action };
        await WithBoth(
            async context =>
            {
                if (!await FaultedExchange.EndsBeforeEffectAsync(context, fault))
                {
                    done++;
                    await FaultedExchange.AnswerAsync(context, fault, TimeProvider.System, 200, "text/plain", new byte[10]);
                }
            },
            async client =>
            {
                done = 0;
                await Assert.ThrowsAsync<HttpRequestException>(() => client.PostAsync(new Uri("/", UriKind.Relative), new StringContent("x")));
                Assert.Equal(effects, done);
            });
    }

    [Fact]
    public Task A_planned_status_answers_without_effect() => WithBoth(
        async context => Assert.True(await FaultedExchange.EndsBeforeEffectAsync(
            context, new FaultSpecification { System = "s", Method = "m", Action = FaultAction.HttpStatus, Status = 502 })),
        async client =>
        {
            using var response = await client.GetAsync(new Uri("/", UriKind.Relative));
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        });
}
