using System.Security.Authentication;

namespace SnapshotWorkflows.CloudStack;

/// <summary>The server showed a certificate that the settings do not trust; nothing was sent to it.</summary>
public sealed class CertificateNotTrustedException(string seenSha256, string message) : AuthenticationException(message)
{
    /// <summary>SHA-256 of the certificate that was shown, in lower-case hexadecimal.</summary>
    public string SeenSha256 { get; } = seenSha256;
}
