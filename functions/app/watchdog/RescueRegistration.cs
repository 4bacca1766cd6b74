using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.App.Watchdog;

/// <summary>How the watchdog calls its pools: a paused machine has no time for a call that hangs, so each has a short deadline, is sent once, and the next try goes another way.</summary>
internal static class RescueRegistration
{
    /// <summary>Of connections and sessions to the same pools.</summary>
    private const int Ways = 3;

    /// <summary>A pool under load takes a second or two for a call; tries go beside each other, so none waits for this.</summary>
    private static readonly TimeSpan s_callTimeout = TimeSpan.FromSeconds(5);

    /// <summary>After <see cref="XenServerRegistration.AddXenServer"/>.</summary>
    public static IServiceCollection AddRescues(this IServiceCollection services)
    {
        services.PostConfigure<XenServerOptions>(options =>
        {
            foreach (var pool in options.Pools)
            {
                if (pool.CallTimeout > s_callTimeout) pool.CallTimeout = s_callTimeout;
                pool.ReadAttempts = 1;
            }
        });
        for (var way = 1; way < Ways; way++) services.AddSingleton<IXenServerPools, XenServerPools>();
        return services;
    }
}
