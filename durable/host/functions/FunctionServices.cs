using Microsoft.Extensions.DependencyInjection;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>Checks at start that the classes of functions can be made.</summary>
internal static class FunctionServices
{
    /// <exception cref="HostStartupException">A constructor asks for a service that nobody has registered.</exception>
    public static void RequireConstructible(FunctionCatalog catalog, IServiceProvider services)
    {
        var known = services.GetRequiredService<IServiceProviderIsService>();
        foreach (var function in catalog.All)
        {
            // With several constructors the container chooses; only the plain case is looked at.
            if (function.DeclaringType?.GetConstructors() is [var constructor]
                && constructor.GetParameters().FirstOrDefault(parameter => !parameter.HasDefaultValue && !known.IsService(parameter.ParameterType)) is { } missing)
            {
                throw new HostStartupException(
                    "function.service",
                    $"Function '{function.Name}': {function.DeclaringType.FullName} asks for a {missing.ParameterType} ({missing.Name}), and no such service is registered.",
                    "Register it in the Services of the builder.",
                    HostExitCodes.Software);
            }
        }
    }
}
