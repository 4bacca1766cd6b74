using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.CloudStack;

public static class CloudStackRegistration
{
    private const string ClientName = "SnapshotWorkflows.CloudStack";

    /// <summary>Registers <see cref="CloudStackClient"/> for the server of the given section; wrong settings stop the start.</summary>
    public static IServiceCollection AddCloudStack(this IServiceCollection services, IConfigurationSection section)
    {
        services.AddOptions<CloudStackOptions>().Bind(section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CloudStackOptions>, CloudStackOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddHttpClient(ClientName, http => http.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => CreateHandler(provider.GetRequiredService<IOptions<CloudStackOptions>>().Value))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        services.TryAddSingleton(provider => new CloudStackClient(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(ClientName),
            provider.GetRequiredService<IOptions<CloudStackOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CloudStackClient>>()));
        return services;
    }

    /// <summary>The handler that trusts what the options say, for use without dependency injection.</summary>
    public static SocketsHttpHandler CreateHandler(CloudStackOptions options) =>
        new PinnedCertificate(options.CertificateSha256, options.CertificateAuthority, CloudStackOptions.Section).CreateHandler();
}
