using System.Reflection;
using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Durable.Host.Configuration;
using SnapshotWorkflows.Durable.Host.Timers;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>A function that runs by a schedule.</summary>
internal sealed record TimerFunction(FunctionMethod Method, TimerSchedule Schedule, bool RunOnStartup, bool UseMonitor)
{
    public static TimerFunction Create(string name, MethodInfo method, ParameterInfo timer, TimerTriggerAttribute trigger, IConfiguration configuration)
    {
        if (timer.ParameterType != typeof(TimerInfo))
        {
            throw FunctionCatalog.Invalid(name, method, $"[TimerTrigger] stands on '{timer.ParameterType.Name} {timer.Name}', but binds to TimerInfo only");
        }

        if (method.ReturnType != typeof(void) && method.ReturnType != typeof(Task))
        {
            throw FunctionCatalog.Invalid(name, method, "a timer trigger returns void or Task");
        }

        var text = HostSettings.Expand(configuration, trigger.Schedule, $"The schedule of function '{name}'");
        var schedule = TimerSchedule.Find(text, ZoneOf(configuration)) ?? throw FunctionCatalog.Invalid(
            name, method, $"'{text}' is no schedule", "Use NCRONTAB with six fields ({second} {minute} {hour} {day} {month} {day of week}), or an interval as hh:mm:ss.");
        var bindings = method.GetParameters().Select(parameter => parameter == timer
            ? (invocation, _) => new(invocation.Timer)
            : HttpParameters.Common(parameter) ?? throw FunctionCatalog.Invalid(
                name, method, $"nothing binds parameter '{parameter.ParameterType.Name} {parameter.Name}'", "Use [DurableClient] or CancellationToken, or inject services into the constructor.")).ToArray();

        // As in Functions: what recurs within a minute is not monitored; a missed run is soon made up for anyway.
        return new TimerFunction(new FunctionMethod(name, method, bindings), schedule, trigger.RunOnStartup, trigger.UseMonitor && !schedule.RecursWithinAMinute);
    }

    /// <summary>WEBSITE_TIME_ZONE, as on a Functions host; UTC when it is not set.</summary>
    /// <exception cref="HostStartupException">This machine knows no such zone.</exception>
    private static TimeZoneInfo ZoneOf(IConfiguration configuration)
    {
        if (configuration["WEBSITE_TIME_ZONE"] is not { Length: > 0 } id)
        {
            return TimeZoneInfo.Utc;
        }

        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(id);
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            throw new HostStartupException(
                "setting.timeZone", $"WEBSITE_TIME_ZONE is '{id}', which this machine knows no time zone by.", "Use a name of the IANA data base such as Europe/Berlin (package tzdata), or leave it out for UTC.");
        }
    }
}
