using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.App;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Settings that break a promise stop the start, and what the API promises to take it takes.</summary>
public sealed class SettingsTests
{
    [Theory]
    [InlineData("TimeToLive", "00:00:09", true)]
    [InlineData("TimeToLive", "00:00:02", true)]
    [InlineData("TimeToLive", "00:01:00", false)]
    [InlineData("TimeToLive", "00:10:00", false)]
    [InlineData("TimeToLive", "00:00:01", false)]
    [InlineData("CallTimeout", "01:00:00", true)]
    [InlineData("CallTimeout", "10675199.02:48:05.4775807", false)]
    [InlineData("ThawTimeout", "01:00:01", false)]
    [InlineData("Token", "a b", true)]
    [InlineData("Token", "from-a-file\n", false)]
    [InlineData("Token", "gehört", false)]
    [InlineData("Url", "https://guest/{vmId}", true)]
    [InlineData("Url", "guest", false)]
    [InlineData("Url", "ftp://guest", false)]
    public void A_guest_runs_again_within_ten_seconds_of_its_freezers_death(string name, string value, bool starts)
    {
        var services = new ServiceCollection();
        services.AddProduct(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [$"Quiesce:Hook:{name}"] = value }).Build());
        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptions<QuiesceHookOptions>>();
        if (starts) Assert.NotNull(options.Value);
        else Assert.Contains($"Quiesce:Hook:{name}", Assert.Throws<OptionsValidationException>(() => options.Value).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SolidFire", 500, 2000, 4000, true)]
    [InlineData("SolidFire:Arrays:0", 50, 50, 50, true)]
    [InlineData("SolidFire:Arrays:0", 500, 400, 4000, false)]
    [InlineData("SolidFire", 49, 2000, 4000, false)]
    [InlineData("SolidFire", 50, 2000, 200_001, false)]
    [InlineData("SolidFire", 500, null, null, false)]
    public void Quality_of_service_for_copying_is_whole_or_stops_the_start(string array, int min, int? max, int? burst, bool starts)
    {
        var settings = new Dictionary<string, string?>
        {
            [$"{array}:Name"] = "a", [$"{array}:Endpoint"] = "https://a/json-rpc/12.5", [$"{array}:Username"] = "u", [$"{array}:Password"] = "p",
            [$"{array}:CopyQos:MinIops"] = $"{min}", [$"{array}:CopyQos:MaxIops"] = $"{max}", [$"{array}:CopyQos:BurstIops"] = $"{burst}",
        };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Where(one => one.Value is { Length: > 0 })).Build();
        Assert.Empty(App.Settings.SettingsReview.Of(configuration, "SolidFire").Warnings);
        using var provider = new ServiceCollection().AddSolidFire(configuration.GetSection("SolidFire")).BuildServiceProvider();
        var options = provider.GetRequiredService<IOptions<SolidFireArraysOptions>>();
        if (!starts) Assert.Contains($"{array}:CopyQos needs", Assert.Throws<OptionsValidationException>(() => options.Value).Message, StringComparison.Ordinal);
        else Assert.Equal($"{min} {max} {burst}", options.Value.Arrays.Single().CopyQos is { } qos ? $"{qos.MinIops} {qos.MaxIops} {qos.BurstIops}" : null);
    }

    [Fact]
    public async Task A_policy_of_as_many_ids_as_are_promised_is_read_and_a_larger_body_is_refused()
    {
        var ids = string.Join(",\n", Enumerable.Range(0, 10_000).Select(n => $"\"{new Guid(n, 0, 0, new byte[8])}\""));
        var body = $$$"""{"schedule":"0 0 * * *","volumes":{"ids":[{{{ids}}}]},"keep":{"daily":7}}""";
        var read = await Request(body).ReadBodyAsync(TestContext.Current.CancellationToken, PolicyBody.BytesMax);
        Assert.Equal(10_000, PolicyBody.Parse("p", read).Volumes.Ids.Count);
        Assert.Equal("request.too-large", (await Assert.ThrowsAsync<BadRequestException>(() => Request(body).ReadBodyAsync(TestContext.Current.CancellationToken))).Code);
    }

    private static HttpRequest Request(string body) => new DefaultHttpContext { Request = { Body = new MemoryStream(Encoding.UTF8.GetBytes(body)) } }.Request;
}
