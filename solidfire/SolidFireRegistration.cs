using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.SolidFire;

public static class SolidFireRegistration
{
    /// <summary>Registers <see cref="SolidFireArrays"/> for the clusters of the given section; wrong settings stop the start.</summary>
    public static IServiceCollection AddSolidFire(this IServiceCollection services, IConfigurationSection section)
    {
        services.AddOptions<SolidFireArraysOptions>().Configure(options => options.Read(section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SolidFireArraysOptions>, SolidFireOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        // One handler and client an array, for the life of the process: connections renew themselves, trust is the array's own.
        services.TryAddSingleton(provider => new SolidFireArrays(
            provider.GetRequiredService<IOptions<SolidFireArraysOptions>>().Value.Arrays,
            options => new HttpClient(CreateHandler(options)) { Timeout = Timeout.InfiniteTimeSpan },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SolidFireClient>>()));
        return services;
    }

    /// <summary>The handler that trusts what the options say, for use without dependency injection.</summary>
    public static SocketsHttpHandler CreateHandler(SolidFireOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PinnedCertificate(options.CertificateSha256, options.CertificateAuthority, options.SettingsPath).CreateHandler();
    }
}
