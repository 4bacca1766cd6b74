using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>The server's own computation of a request's signature.</summary>
internal static class RequestSignature
{
    /// <summary>Throws unless the key is known, the signature fits and, under version 3, the request has not expired.</summary>
    public static void Verify(IReadOnlyDictionary<string, string> parameters, CloudStackOptions options, DateTimeOffset now)
    {
        if (Get(parameters, "apikey") != options.ApiKey || Get(parameters, "signature") is not { } signature)
        {
            throw CloudError.Unauthorized();
        }

        var version3 = Get(parameters, "signatureversion") == "3";
        if (version3 && (!TryParseTime(Get(parameters, "expires"), out var expires) || expires < now || Exceeds(options, expires, now)))
        {
            throw CloudError.Unauthorized("signature is expired, or its expires parameter is missing or malformed");
        }

        if (!version3 && options.EnforceTimestamps)
        {
            throw CloudError.Unauthorized("signatureversion 3 with expires is required");
        }

        var expected = Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(options.SecretKey), Encoding.UTF8.GetBytes(TextToSign(parameters))));
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(signature)))
        {
            throw CloudError.Unauthorized();
        }
    }

    /// <summary>Sorted by name, values encoded as Java does it, all in lower case.</summary>
    private static string TextToSign(IReadOnlyDictionary<string, string> parameters) => string.Join('&', parameters
        .Where(parameter => !parameter.Key.Equals("signature", StringComparison.OrdinalIgnoreCase))
        .OrderBy(parameter => parameter.Key, StringComparer.Ordinal)
        .Select(parameter => $"{parameter.Key}={JavaUrlEncode(parameter.Value)}")).ToLowerInvariant();

    /// <summary>java.net.URLEncoder in UTF-8, with %20 for a space.</summary>
    private static string JavaUrlEncode(string value)
    {
        var encoded = new StringBuilder(value.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(value))
        {
            var character = (char)octet;
            if (char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '*' or '_')
            {
                encoded.Append(character);
            }
            else
            {
                encoded.Append('%').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }

    private static bool Exceeds(CloudStackOptions options, DateTimeOffset expires, DateTimeOffset now) =>
        options.EnforceTimestamps && expires > now.AddMinutes(15);

    private static bool TryParseTime(string? text, out DateTimeOffset time)
    {
        string[] formats = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];
        // Java's Z pattern writes +0530 where .NET writes +05:30.
        var normalized = text is [.., '+' or '-', _, _, _, _] ? $"{text[..^2]}:{text[^2..]}" : text;
        return DateTimeOffset.TryParseExact(normalized, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }

    private static string? Get(IReadOnlyDictionary<string, string> parameters, string name) => parameters.GetValueOrDefault(name);
}
