using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>The header <c>x-ms-continuation-token</c>: the hub's token in base64, where the base64 of <c>null</c> stands for none; absent on the last page.</summary>
internal static class ContinuationToken
{
    public const string Header = "x-ms-continuation-token";

    public static void Write(HttpResponse response, string? token)
    {
        if (token is not null)
        {
            response.Headers[Header] = Convert.ToBase64String(Encoding.UTF8.GetBytes(token));
        }
    }

    /// <summary>The page that the request's token points to.</summary>
    /// <exception cref="HostProblemException">400: the token is none of ours.</exception>
    public static async Task<Page<T>?> FirstPageAsync<T>(AsyncPageable<T> all, HttpRequest request, int size) where T : notnull
    {
        var token = Of(request);
        try
        {
            await foreach (var page in all.AsPages(token, size).WithCancellation(request.HttpContext.RequestAborted))
            {
                return page;
            }

            return null;
        }
        catch (Exception e) when (token is not null && e is (ArgumentException or FormatException))
        {
            throw Bad();
        }
    }

    private static string? Of(HttpRequest request)
    {
        var text = request.Headers[Header].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            var token = Encoding.UTF8.GetString(Convert.FromBase64String(text));
            return token is "" or "null" ? null : StorableText.IsStorable(token) ? token : throw Bad();
        }
        catch (FormatException)
        {
            throw Bad();
        }
    }

    private static HostProblemException Bad() => new(new HostProblem(
        StatusCodes.Status400BadRequest, "continuation.invalid", $"The header {Header} is not one that this host has sent.", "Send the header of the previous page unchanged, or none to begin anew."));
}
