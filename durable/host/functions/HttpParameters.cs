using System.ComponentModel;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>Binds the parameters of HTTP functions: the request, the durable client, route values by name, a [FromBody] object, services and the token.</summary>
internal static class HttpParameters
{
    public static ParameterBinding Bind(string function, MethodInfo method, ParameterInfo parameter, RoutePattern route)
    {
        var type = parameter.ParameterType;
        if (Common(parameter) is { } common)
        {
            return common;
        }

        if (type == typeof(HttpRequest))
        {
            return invocation => new(invocation.Http!.Request);
        }

        if (type == typeof(HttpContext))
        {
            return invocation => new(invocation.Http);
        }

        if (parameter.GetCustomAttribute<FromBodyAttribute>() is not null)
        {
            return invocation => ReadBodyAsync(invocation.Http!, type);
        }

        if (route.GetParameter(parameter.Name!) is not null)
        {
            return RouteValue(function, method, parameter);
        }

        throw FunctionCatalog.Invalid(
            function, method, $"nothing binds parameter '{type.Name} {parameter.Name}'", "Name a route parameter, use [FromBody], [DurableClient], HttpRequest or CancellationToken, or inject services into the constructor.");
    }

    /// <summary>What any function may take; null when the parameter is none of it.</summary>
    public static ParameterBinding? Common(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (type == typeof(CancellationToken))
        {
            return invocation => new(invocation.Cancellation);
        }

        if (type == typeof(DurableTaskClient) && parameter.GetCustomAttribute<DurableClientAttribute>() is not null)
        {
            return invocation => new(invocation.Services.GetRequiredService<DurableTaskClient>());
        }

        return parameter.GetCustomAttribute<FromServicesAttribute>() is not null ? invocation => new(invocation.Services.GetRequiredService(type)) : null;
    }

    private static ParameterBinding RouteValue(string function, MethodInfo method, ParameterInfo parameter)
    {
        var name = parameter.Name!;
        var target = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        var missing = parameter.HasDefaultValue ? parameter.DefaultValue
            : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null;
        var converter = TypeDescriptor.GetConverter(target);
        if (target != typeof(string) && !converter.CanConvertFrom(typeof(string)))
        {
            throw FunctionCatalog.Invalid(function, method, $"route parameter '{name}' cannot be read as {target.Name}");
        }

        return invocation =>
        {
            if (invocation.Http!.GetRouteValue(name)?.ToString() is not { } text)
            {
                return new(missing);
            }

            if (target == typeof(string))
            {
                return new(text);
            }

            try
            {
                return new(converter.ConvertFromInvariantString(text));
            }
            catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException or OverflowException)
            {
                throw new HostProblemException(new HostProblem(
                    StatusCodes.Status400BadRequest, "route.value", $"'{name}' in the path is not a {target.Name}.", $"Correct '{name}' in the path."));
            }
        };
    }

    private static async ValueTask<object?> ReadBodyAsync(HttpContext context, Type type)
    {
        var options = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.JsonSerializerOptions;
        return await RequestBody.ReadAsync(context.Request, options.GetTypeInfo(type));
    }
}
