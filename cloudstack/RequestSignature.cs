using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.CloudStack;

/// <summary>Signature version 3: HMAC-SHA1 over the sorted, encoded, lower-cased parameters, with an expiry inside.</summary>
/// <remarks>The server decodes what it gets and encodes it again as Java's URLEncoder does, so only that encoding yields its signature.</remarks>
internal static class RequestSignature
{
    /// <summary>The form to post: every parameter, then the signature.</summary>
    public static string Sign(IReadOnlyDictionary<string, string> parameters, string apiKey, string secretKey, DateTimeOffset expires)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        // The server sorts names as it receives them, so lower case makes both sorts the same.
        foreach (var (name, value) in parameters) all[name.ToLowerInvariant()] = value;
        all["apikey"] = apiKey;
        all["response"] = "json";
        all["signatureversion"] = "3";
        all["expires"] = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var form = string.Join('&', all.Select(parameter => $"{parameter.Key}={Encode(parameter.Value)}"));
        return $"{form}&signature={Encode(Compute(form, secretKey))}";
    }

    /// <summary>Base64 of the HMAC over the lower-cased text.</summary>
    public static string Compute(string form, string secretKey) =>
        Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secretKey), Encoding.UTF8.GetBytes(form.ToLowerInvariant())));

    /// <summary>As Java's URLEncoder: letters, digits and <c>. - _ *</c> stay; everything else, <c>~</c> too, is escaped; a space is %20.</summary>
    public static string Encode(string value)
    {
        var text = new StringBuilder(value.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(value))
        {
            var letter = (char)octet;
            if (char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' or '*') text.Append(letter);
            else text.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
        }
        return text.ToString();
    }
}
