using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.XenServer;

public static class XenServerRegistration
{
    /// <summary>Registers <see cref="IXenServerPools"/> for the pools of the given section; wrong settings stop the start.</summary>
    public static IServiceCollection AddXenServer(this IServiceCollection services, IConfigurationSection section)
    {
        services.AddOptions<XenServerOptions>().Bind(section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<XenServerOptions>, XenServerOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        // One handler and client a pool, for the life of the process: connections renew themselves, trust is the pool's own.
        services.TryAddSingleton<IXenServerPools, XenServerPools>();
        return services;
    }

    /// <summary>The handler that trusts what the pool's options say, for use without dependency injection.</summary>
    public static SocketsHttpHandler CreateHandler(XenServerPoolOptions options) =>
        new PinnedCertificate(options.CertificateSha256, options.CertificateAuthority, $"XenServer:Pools ({options.Name})").CreateHandler();
}
