using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.App.Commands;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>The watchdog has the settings of the service, and not its patience: a call of a minute would keep a machine paused for it.</summary>
public sealed class RescueSettingsTests
{
    [Theory]
    [InlineData("00:10:00", 5)]
    [InlineData("00:00:02", 2)]
    public async Task Its_calls_are_short_and_sent_once_and_tries_go_several_ways(string service, int seconds)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["SnapshotWorkflows:Installation"] = "test",
            ["SnapshotWorkflows:StatePath"] = Path.GetTempPath(),
            ["XenServer:Pools:0:Name"] = "production",
            ["XenServer:Pools:0:Endpoint"] = "https://127.0.0.1:1",
            ["XenServer:Pools:0:Username"] = "root",
            ["XenServer:Pools:0:Password"] = "secret",
            ["XenServer:Pools:0:CertificateSha256"] = new string('a', 64),
            ["XenServer:Pools:0:CallTimeout"] = service,
        }).Build();
        await using var services = Watch.Services(settings);
        var pool = Assert.Single(services.GetRequiredService<IOptions<XenServerOptions>>().Value.Pools);
        Assert.Equal((TimeSpan.FromSeconds(seconds), 1), (pool.CallTimeout, pool.ReadAttempts));
        var ways = services.GetServices<IXenServerPools>().ToList();
        Assert.Equal(3, ways.Distinct().Count());
        Assert.Equal(3, ways.Select(way => way.Get("production")).Distinct().Count());
    }
}
