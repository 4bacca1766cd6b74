using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Clients;

/// <summary>Whom the clients speak to, over real TLS on the loopback.</summary>
public sealed class TrustTests : IAsyncLifetime
{
    private const string WrongPin = "00000000000000000000000000000000000000000000000000000000000000ff";
    private readonly X509Certificate2 _certificate = CreateCertificate();
    private WebApplication _server = null!;
    private Uri _endpoint = null!;
    private int _requests;

    private string Pin => Convert.ToHexStringLower(SHA256.HashData(_certificate.RawData));

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate)));
        _server = builder.Build();
        _server.Run(async context =>
        {
            Interlocked.Increment(ref _requests);
            await context.Response.WriteAsync(context.Request.Path.Value switch
            {
                "/client/api" => """{"listzonesresponse":{}}""",
                "/jsonrpc" => """{"jsonrpc":"2.0","result":"OpaqueRef:s","id":1}""",
                _ => """{"id":1,"result":{"clusterInfo":{"uuid":"u","uniqueID":"1mhp","name":"here","svip":"s","mvip":"m"}}}""",
            });
        });
        await _server.StartAsync();
        _endpoint = new Uri(_server.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificate.Dispose();
    }

    [Fact]
    public async Task The_pinned_certificate_is_trusted_by_every_client()
    {
        var upper = string.Join(':', Enumerable.Range(0, 32).Select(i => Pin.Substring(i * 2, 2).ToUpperInvariant()));
        await SolidFire(upper).GetLimitsAsync(default);
        await XenServer($"{WrongPin},{Pin}").LogInAsync(default);
        await CloudStack(Pin).ListZonesAsync(default);
        Assert.Equal(3, _requests);
    }

    [Theory]
    [InlineData(WrongPin)]
    [InlineData(null)]
    public async Task Any_other_certificate_gets_no_request_and_the_error_names_it_and_the_setting(string? pin)
    {
        var solidFire = await Assert.ThrowsAsync<SolidFireException>(() => SolidFire(pin).DeleteVolumeAsync(1, default));
        var xenServer = await Assert.ThrowsAsync<XenApiException>(() => XenServer(pin).LogInAsync(default));
        var cloudStack = await Assert.ThrowsAsync<CloudStackException>(() => CloudStack(pin).ListZonesAsync(default));
        Assert.Equal(SolidFireErrorKind.PermissionDenied, solidFire.Kind);
        Assert.Equal(XenApiErrorKind.PermissionDenied, xenServer.Kind);
        Assert.Equal(CloudStackErrorKind.PermissionDenied, cloudStack.Kind);
        foreach (var fault in (Exception[])[solidFire, xenServer, cloudStack])
        {
            Assert.Contains(Pin, fault.Message, StringComparison.Ordinal);
            Assert.Contains("CertificateSha256", fault.Message, StringComparison.Ordinal);
        }
        Assert.Equal(0, _requests);
    }

    [Fact]
    public async Task A_certificate_of_the_given_authority_is_trusted()
    {
        var path = Path.Combine(Path.GetTempPath(), $"authority-{Guid.NewGuid():N}.pem");
        await File.WriteAllTextAsync(path, _certificate.ExportCertificatePem());
        try
        {
            var options = new SolidFireOptions { Endpoint = new Uri(_endpoint, "/json-rpc/12.5"), CertificateAuthority = path };
            using var http = new HttpClient(SolidFireRegistration.CreateHandler(options));
            await new SolidFireClient(http, options, TimeProvider.System, NullLogger<SolidFireClient>.Instance).GetLimitsAsync(default);
            Assert.Equal(1, _requests);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_not_connected()
    {
        var options = new SolidFireOptions { Endpoint = new Uri(_endpoint, "/json-rpc/12.5"), CertificateSha256 = Pin, ReadAttempts = 1 };
        using var http = new HttpClient(SolidFireRegistration.CreateHandler(options));
        await _server.StopAsync();
        var fault = await Assert.ThrowsAsync<SolidFireException>(() =>
            new SolidFireClient(http, options, TimeProvider.System, NullLogger<SolidFireClient>.Instance).DeleteVolumeAsync(1, default));
        Assert.Equal(SolidFireErrors.NotConnected, fault.ErrorName);
    }

    /// <summary>Which pool copies is nothing to guess: a wrong one may see the originals.</summary>
    [Fact]
    public void Several_pools_need_one_that_is_named_for_copies()
    {
        var settings = new Dictionary<string, string?>();
        foreach (var n in new[] { 0, 1 })
        {
            settings[$"XenServer:Pools:{n}:Name"] = $"p{n}";
            settings[$"XenServer:Pools:{n}:Endpoint"] = "https://host";
            settings[$"XenServer:Pools:{n}:Username"] = "u";
            settings[$"XenServer:Pools:{n}:Password"] = "p";
        }

        var refused = Assert.Throws<OptionsValidationException>(() => Host(settings).Build().Services.GetRequiredService<IOptions<SnapshotWorkflows.XenServer.XenServerOptions>>().Value);
        Assert.Contains("XenServer:CopyPool is missing", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_settings_stop_the_start_and_name_their_keys()
    {
        var builder = Host(new() { ["SolidFire:Endpoint"] = "http://mvip", ["XenServer:Pools:0:Name"] = "p", ["XenServer:CopyPool"] = "q", ["CloudStack:CertificateSha256"] = "abc" });
        using var host = builder.Build();
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        foreach (var key in (string[])["SolidFire:Endpoint", "SolidFire:Password", "XenServer:Pools:0:Endpoint", "XenServer:CopyPool", "CloudStack:CertificateSha256", "CloudStack:SecretKey"])
            Assert.Contains(key, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Right_settings_give_working_clients()
    {
        var at = _endpoint.ToString().TrimEnd('/');
        var builder = Host(new()
        {
            ["SolidFire:Endpoint"] = at + "/json-rpc/12.5", ["SolidFire:Username"] = "u", ["SolidFire:Password"] = "p", ["SolidFire:CertificateSha256"] = Pin,
            ["XenServer:Pools:0:Name"] = "p", ["XenServer:Pools:0:Endpoint"] = at, ["XenServer:Pools:0:Username"] = "u", ["XenServer:Pools:0:Password"] = "p", ["XenServer:Pools:0:CertificateSha256"] = Pin,
            ["XenServer:CopyPool"] = "p",
            ["CloudStack:Endpoint"] = at + "/client/api", ["CloudStack:ApiKey"] = "a", ["CloudStack:SecretKey"] = "s", ["CloudStack:CertificateSha256"] = Pin,
        });
        using var host = builder.Build();
        await host.StartAsync();
        Assert.Equal("here", (await host.Services.GetRequiredService<SolidFireArrays>().OpenAsync(name: null, default)).Cluster.Name);
        await host.Services.GetRequiredService<CloudStackClient>().ListZonesAsync(default);
        var pools = host.Services.GetRequiredService<IXenServerPools>();
        await pools.CopyPool.LogInAsync(default);
        Assert.Equal(["p"], pools.Names);
        Assert.Throws<KeyNotFoundException>(() => pools.Get("other"));
        Assert.Equal(3, _requests);
        await host.StopAsync();
    }

    [Theory]
    [InlineData("SolidFire:Arrays:0:Name", "", "SolidFire:Arrays:0:Name is missing")]
    [InlineData("SolidFire:Arrays:1:Name", "a", "SolidFire:Arrays:0 and SolidFire:Arrays:1 have the same Name")]
    [InlineData("SolidFire:Arrays:1:Endpoint", "https://one/json-rpc/12.5", "SolidFire:Arrays:0 and SolidFire:Arrays:1 have the same Endpoint")]
    [InlineData("SolidFire:Arrays:1:Password", "", "SolidFire:Arrays:1:Password is missing")]
    [InlineData("SolidFire:Username", "left over", "SolidFire:Endpoint must be")]
    public async Task A_wrong_setting_of_one_array_of_several_is_named(string key, string value, string fault)
    {
        using var host = Host(new(Several()) { [key] = value }).Build();
        Assert.Contains(fault, (await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync())).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_sections_own_array_is_the_first_of_several()
    {
        var settings = new Dictionary<string, string?>(Several()) { ["SolidFire:Endpoint"] = "https://own/json-rpc/12.5", ["SolidFire:Username"] = "u", ["SolidFire:Password"] = "p", ["SolidFire:CallTimeout"] = "00:00:07" };
        using var host = Host(settings).Build();
        Assert.Equal([SolidFireArraysOptions.DefaultName, "a", "b"], host.Services.GetRequiredService<SolidFireArrays>().Names);
        foreach (var key in (string[])["SolidFire:Endpoint", "SolidFire:Username", "SolidFire:Password"]) settings.Remove(key);
        using var without = Host(settings).Build();
        Assert.Equal(["a", "b"], without.Services.GetRequiredService<SolidFireArrays>().Names);
    }

    private static Dictionary<string, string?> Several() => new()
    {
        ["SolidFire:Arrays:0:Name"] = "a", ["SolidFire:Arrays:0:Endpoint"] = "https://one/json-rpc/12.5", ["SolidFire:Arrays:0:Username"] = "u", ["SolidFire:Arrays:0:Password"] = "p",
        ["SolidFire:Arrays:1:Name"] = "b", ["SolidFire:Arrays:1:Endpoint"] = "https://two/json-rpc/12.5", ["SolidFire:Arrays:1:Username"] = "u", ["SolidFire:Arrays:1:Password"] = "p",
    };

    private static HostApplicationBuilder Host(Dictionary<string, string?> settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddSolidFire(builder.Configuration.GetSection("SolidFire"));
        builder.Services.AddXenServer(builder.Configuration.GetSection("XenServer"));
        builder.Services.AddCloudStack(builder.Configuration.GetSection("CloudStack"));
        return builder;
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=appliance", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private SolidFireClient SolidFire(string? pin)
    {
        var options = new SolidFireOptions { Endpoint = new Uri(_endpoint, "/json-rpc/12.5"), CertificateSha256 = pin };
        return new(new HttpClient(SolidFireRegistration.CreateHandler(options)), options, TimeProvider.System, NullLogger<SolidFireClient>.Instance);
    }

    private XenServerClient XenServer(string? pin)
    {
        var options = new XenServerPoolOptions { Name = "p", Endpoint = _endpoint, Username = "u", Password = "p", CertificateSha256 = pin };
        return new(new HttpClient(XenServerRegistration.CreateHandler(options)), options, TimeProvider.System, NullLogger<XenServerClient>.Instance);
    }

    private CloudStackClient CloudStack(string? pin)
    {
        var options = new CloudStackOptions { Endpoint = new Uri(_endpoint, "/client/api"), ApiKey = "a", SecretKey = "s", CertificateSha256 = pin };
        return new(new HttpClient(CloudStackRegistration.CreateHandler(options)), options, TimeProvider.System, NullLogger<CloudStackClient>.Instance);
    }
}
