using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SnapshotWorkflows.CloudStack;

/// <summary>Whom we speak to: a pinned certificate, else one signed by a given authority, else what the system trusts. Never just anyone.</summary>
/// <remarks>Appliances come with self-signed certificates, and their operators often switch checking off; a pin costs them one line instead.</remarks>
internal sealed class PinnedCertificate
{
    private readonly IReadOnlyList<string> _pins;
    private readonly X509Certificate2Collection? _authorities;
    private readonly string _section;

    /// <param name="sha256">Accepted fingerprints, separated by commas; empty = none pinned.</param>
    /// <param name="authorityPath">PEM file of the accepted authority; empty = the system's.</param>
    /// <param name="section">Configuration section named in errors.</param>
    public PinnedCertificate(string? sha256, string? authorityPath, string section)
    {
        if (!TryReadPins(sha256, out _pins)) throw new ArgumentException($"{section}:CertificateSha256 must be 64 hexadecimal digits.", nameof(sha256));
        if (_pins.Count == 0 && !string.IsNullOrEmpty(authorityPath))
        {
            _authorities = [];
            _authorities.ImportFromPemFile(authorityPath);
        }
        _section = section;
    }

    public static bool TryReadPins(string? text, out IReadOnlyList<string> pins)
    {
        pins = [.. (text ?? "").Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(pin => pin.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant())];
        return pins.All(pin => pin.Length == 64 && pin.All(char.IsAsciiHexDigit));
    }

    /// <summary>A handler that follows no redirect, keeps no cookie, and renews its connections so that a moved address is seen.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Validate },
    };

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null) throw new CertificateNotTrustedException("", $"The server showed no certificate; check {_section}:Endpoint.");
        var seen = Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));
        if (_pins.Count > 0)
        {
            if (_pins.Contains(seen, StringComparer.Ordinal)) return true;
            throw new CertificateNotTrustedException(seen,
                $"The server showed the certificate {seen}, which is not the one pinned. If its certificate was renewed, set {_section}:CertificateSha256 to this value; otherwise somebody may be in between.");
        }
        if (_authorities is not null && IsSignedByAuthority(certificate, chain, errors)) return true;
        if (_authorities is null && errors == SslPolicyErrors.None) return true;
        throw new CertificateNotTrustedException(seen,
            $"The server's certificate {seen} is not trusted ({errors}). Check it out of band, then set {_section}:CertificateSha256 to this value, or {_section}:CertificateAuthority to its authority's PEM file.");
    }

    private bool IsSignedByAuthority(X509Certificate certificate, X509Chain? shown, SslPolicyErrors errors)
    {
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities!);
        // A private authority seldom publishes revocation lists that this machine could reach.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (shown is not null) chain.ChainPolicy.ExtraStore.AddRange(shown.ChainElements.Select(element => element.Certificate).ToArray());
        using var copy = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(copy);
    }
}
