using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Functions.Worker;

public static class FunctionContextLoggerExtensions
{
    public static ILogger<T> GetLogger<T>(this FunctionContext context) => Factory(context).CreateLogger<T>();

    public static ILogger GetLogger(this FunctionContext context, string categoryName) => Factory(context).CreateLogger(categoryName);

    private static ILoggerFactory Factory(FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (ILoggerFactory?)context.InstanceServices.GetService(typeof(ILoggerFactory)) ?? throw new InvalidOperationException("No logger factory is registered.");
    }
}
