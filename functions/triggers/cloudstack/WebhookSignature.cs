using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>X-CS-Signature = Base64(HMAC-SHA256(secret, raw body)) (plugins/event-bus/webhook of apache/cloudstack). Compared in constant time.</summary>
internal static class WebhookSignature
{
    public static bool Fits(string secrets, ReadOnlySpan<byte> body, string? header)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (header is null || header.Length != 44 || !Convert.TryFromBase64String(header, given, out var length) || length != given.Length) return false;
        Span<byte> ours = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var fits = false;
        foreach (var secret in secrets.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body, ours);

            // Every secret is tried, so that the time tells nothing of which one fitted.
            fits |= CryptographicOperations.FixedTimeEquals(ours, given);
        }

        return fits;
    }
}
