using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What every write reads of a request, refused by name where it is missing or too large.</summary>
internal static class RequestReading
{
    private const int BodyMax = 64 * 1024;
    private const int KeyMax = 200;

    /// <exception cref="BadRequestException"><c>idempotency-key.missing</c>.</exception>
    public static string IdempotencyKey(this HttpRequest request)
    {
        var key = request.Headers["Idempotency-Key"].ToString();
        return key.Length is > 0 and <= KeyMax && key.All(static c => c is > ' ' and < '\x7f')
            ? key
            : throw new BadRequestException(
                "idempotency-key.missing", $"The header Idempotency-Key is missing, or is not 1 to {KeyMax} printable ASCII characters.",
                "Send a fresh uuid as Idempotency-Key, and the same one when you repeat the request.");
    }

    /// <param name="bytesMax">What the route's largest body needs.</param>
    /// <exception cref="BadRequestException"><c>request.too-large</c>.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(this HttpRequest request, CancellationToken cancellation, int bytesMax = BodyMax)
    {
        return await request.TryReadBodyAsync(cancellation, bytesMax) ?? throw new BadRequestException("request.too-large", $"The body has more than {bytesMax} bytes.", "Send only the members that the route knows.");
    }

    /// <summary>Null when the body is larger than any that we take.</summary>
    public static async Task<ReadOnlyMemory<byte>?> TryReadBodyAsync(this HttpRequest request, CancellationToken cancellation, int bytesMax = BodyMax)
    {
        var bytes = new byte[bytesMax + 1];
        var read = await request.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        return read <= bytesMax ? new ReadOnlyMemory<byte>(bytes, 0, read) : (ReadOnlyMemory<byte>?)null;
    }

    /// <summary>Name of the key that was used, never the key; idempotency keys are scoped to it.</summary>
    public static string Caller(this HttpRequest request) => request.HttpContext.User.Identity?.Name is { Length: > 0 } name ? name : "anonymous";
}
