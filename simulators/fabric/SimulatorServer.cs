using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>Kestrel on the loopback, on a port of the system's choice, in front of one simulated address.</summary>
public sealed class SimulatorServer : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly X509Certificate2? certificate;
    private readonly bool ownsCertificate;

    private SimulatorServer(WebApplication application, X509Certificate2? certificate, bool ownsCertificate, Uri uri)
    {
        this.application = application;
        this.certificate = certificate;
        this.ownsCertificate = ownsCertificate;
        Uri = uri;
        CertificateSha256 = certificate is null ? null : SimulatorCertificate.Sha256(certificate);
    }

    /// <summary>Scheme, address and port, without a path.</summary>
    public Uri Uri { get; }

    /// <summary>SHA-256 of the server certificate's DER in lower-case hex; null over plain HTTP.</summary>
    public string? CertificateSha256 { get; }

    /// <summary>What the server shows, with its private key, for a second service of the same appliance; null over plain HTTP. The server owns it.</summary>
    public X509Certificate2? Certificate => certificate;

    /// <summary>A certificate and its key as text that <see cref="StartAsync"/> takes, for a server that shall show the same again.</summary>
    public static string NewCertificate(TimeProvider clock)
    {
        using var made = SimulatorCertificate.Create(clock);
        return SimulatorCertificate.Export(made);
    }

    /// <summary>Starts listening; over HTTPS with a fresh self-signed certificate, or with another server's.</summary>
    /// <param name="sameCertificateAs">
    /// A server whose certificate this one shows too, as the members of a pool do to whoever trusts the pool by one fingerprint. It must
    /// stay up at least as long.
    /// </param>
    /// <param name="port">0: of the system's choice.</param>
    /// <param name="address">On the loopback; null: 127.0.0.1. Hosts of one pool have addresses of their own and a port in common.</param>
    /// <param name="certificate">What to show, made by <see cref="NewCertificate"/>.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<SimulatorServer> StartAsync(
        ISimulatedEndpoint endpoint, bool https = true, TimeProvider? clock = null, SimulatorServer? sameCertificateAs = null, int port = 0, string? certificate = null, IPAddress? address = null)
    {
        var at = address ?? IPAddress.Loopback;
        if (!IPAddress.IsLoopback(at))
        {
            throw new ArgumentException($"{at} is no loopback address: simulators are for this machine alone.", nameof(address));
        }

        var serverCertificate = !https
            ? null
            : sameCertificateAs?.certificate ?? (certificate is null ? SimulatorCertificate.Create(clock ?? TimeProvider.System) : SimulatorCertificate.Import(certificate));
        // The empty builder reads no settings and no environment: what listens is what stands here.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            // The simulators answer from memory; a synchronous write of a ready body is no harm.
            options.AllowSynchronousIO = true;
            options.Limits.MaxRequestBodySize = null;
            options.Limits.MinRequestBodyDataRate = null;
            options.Limits.MinResponseDataRate = null;
            options.Listen(at, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (serverCertificate is not null)
                {
                    listen.UseHttps(serverCertificate);
                }

                listen.Use(next => connection => BareBodyConnection.ServeAsync(connection, next));
            });
        });
        var app = builder.Build();
        app.Run(endpoint.InvokeAsync);
        await app.StartAsync();
        var listening = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new SimulatorServer(app, serverCertificate, sameCertificateAs?.certificate is null, new Uri(listening));
    }

    /// <summary>Stops listening; requests under way are cut after a moment.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
        await application.StopAsync(patience.Token);
        await application.DisposeAsync();
        if (ownsCertificate)
        {
            certificate?.Dispose();
        }
    }
}
