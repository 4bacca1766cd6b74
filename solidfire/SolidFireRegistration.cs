using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.SolidFire;

public static class SolidFireRegistration
{
    private const string ClientName = "SnapshotWorkflows.SolidFire";

    /// <summary>Registers <see cref="SolidFireClient"/> for the cluster of the given section; wrong settings stop the start.</summary>
    public static IServiceCollection AddSolidFire(this IServiceCollection services, IConfigurationSection section)
    {
        services.AddOptions<SolidFireOptions>().Bind(section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SolidFireOptions>, SolidFireOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddHttpClient(ClientName, http => http.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => CreateHandler(provider.GetRequiredService<IOptions<SolidFireOptions>>().Value))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        services.TryAddSingleton(provider => new SolidFireClient(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(ClientName),
            provider.GetRequiredService<IOptions<SolidFireOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SolidFireClient>>()));
        return services;
    }

    /// <summary>The handler that trusts what the options say, for use without dependency injection.</summary>
    public static SocketsHttpHandler CreateHandler(SolidFireOptions options) =>
        new PinnedCertificate(options.CertificateSha256, options.CertificateAuthority, SolidFireOptions.Section).CreateHandler();
}
